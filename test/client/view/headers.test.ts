import t from 'tap'
import { isForeign, securityHeaders } from '../../../client/view/headers.js'

t.test('nothing inline, nothing of elsewhere, in no frame', async (t) => {
  const policy = securityHeaders['content-security-policy']
  for (const part of [
    "default-src 'none'",
    "worker-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
  ])
    t.ok(policy.includes(part), part)
  t.match(policy, /script-src 'self' 'wasm-unsafe-eval'(;|$)/)
  t.notMatch(policy, /unsafe-inline|'unsafe-eval'|https?:|\*/)
})

t.test("another site's requests are known", async (t) => {
  for (const own of [undefined, 'same-origin', 'none']) t.notOk(isForeign(own))
  for (const other of ['cross-site', 'same-site', ['none', 'none']]) t.ok(isForeign(other))
})

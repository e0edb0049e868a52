import { readFileSync } from 'node:fs'
import t from 'tap'
import { openDom } from './dom.js'

t.test('a token that is wrong is said in the page; the right one leads to where the link led', async (t) => {
  const dom = await openDom(t)
  const html = readFileSync('client/view/page/enter.html', 'utf8')
  dom.root.innerHTML = /<main[\s\S]*<\/main>/.exec(html)![0]
  const went: string[] = []
  const goes = { reload: () => went.push('reload'), replace: (to: string) => went.push(to) }
  Object.assign(location, { pathname: '/', search: '', hash: '#back?t=2026-05-01T08:00:00Z', ...goes })
  const asked: unknown[] = []
  let answer: () => Response = () => Response.json({ error: 'this token is not known here' }, { status: 401 })
  globalThis.fetch = async (address, init) => {
    asked.push([address, init?.method, String(init?.body), init?.headers])
    return answer()
  }
  await import('../../../../client/view/page/enter.js')
  const field = dom.one('input') as HTMLInputElement
  field.value = 'wrong one'
  const look = () => dom.send(dom.one('form'), 'submit')
  t.ok((await look()).defaultPrevented)
  t.strictSame(asked, [['/enter', 'POST', 'token=wrong+one', { accept: 'application/json' }]])
  t.equal(dom.text('[role=alert]'), 'this token is not known here')
  answer = () => new Response('<html>', { status: 502 })
  await look()
  t.equal(dom.text('[role=alert]'), 'the viewing server answered 502')
  answer = () => {
    throw new TypeError('failed')
  }
  await look()
  t.match(dom.text('[role=alert]'), /still running/)
  t.strictSame(went, [])
  answer = () => Response.json({})
  await look()
  t.equal(dom.text('[role=alert]'), '')
  Object.assign(location, { search: '?token=wrong' })
  await look()
  t.strictSame(went, ['reload', '/#back?t=2026-05-01T08:00:00Z'])
})

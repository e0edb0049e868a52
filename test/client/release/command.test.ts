/** keygen, sign and pack as they are typed. */
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { otherBundle } from '../../contract/other-bundle.js'
import { run } from '../run.js'

t.test('a key, a signature, a file to send', async (t) => {
  const dir = t.testdir()
  const key = join(dir, 'release.key')
  const made = await run(['bundle', 'keygen', '--out', key])
  t.match(made, { code: 0, out: /bundles:\n {2}publicKey: [\w+/]{43}=/ })
  t.equal(statSync(key).mode & 0o777, 0o600)
  t.match(
    await run(['bundle', 'keygen', '--out', key]),
    { code: 3, err: /release\.key/ },
    'a key is never written over',
  )

  const bundle = otherBundle(dir)
  t.match(await run(['bundle', 'sign', bundle, '--key', key]), {
    code: 0,
    out: /field-2, SHA-256 [0-9a-f]{16}…, signed with key/,
  })
  const file = join(dir, 'field-2.tar.gz')
  const packed = await run(['bundle', 'pack', bundle, '--out', file])
  t.match(packed, {
    code: 0,
    out: /field-2, [\d.]+ MB, signed with key/,
    err: /decoder\.onnx is left out: no box makes pictures/,
  })
  t.ok(existsSync(file))
})

t.test('what is no key, and what is no bundle', async (t) => {
  const dir = t.testdir({ empty: {} })
  const key = join(dir, 'not.key')
  writeFileSync(key, 'hello')
  t.match(await run(['bundle', 'sign', otherBundle(dir), '--key', key]), { code: 3, err: /not\.key/ })
  t.match(await run(['bundle', 'pack', join(dir, 'empty'), '--out', join(dir, 'x')]), {
    code: 3,
    err: /manifest\.json/,
  })
  t.notOk(existsSync(join(dir, 'x')))
})

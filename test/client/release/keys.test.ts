import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { keygen, signBundle } from '../../../client/release/keys.js'
import { keyName, publicKeyOf, signatureFault } from '../../../contract/bundle-signature.js'
import { otherBundle } from '../../contract/other-bundle.js'

t.test('keys, and a signature by them', async (t) => {
  const dir = t.testdir({ text: 'x' })
  const file = join(dir, 'release.key')
  const { name, raw } = keygen(file)
  t.equal(statSync(file).mode & 0o777, 0o600)
  const publicKey = publicKeyOf(readFileSync(`${file}.pub`, 'utf8'))
  t.equal(keyName(publicKey), name)
  t.equal(keyName(publicKeyOf(raw)), name)
  t.throws(() => keygen(file), { code: 'input', message: /is there already; name another file/ })

  const folder = otherBundle(dir)
  t.match(await signBundle(folder, file), { id: 'field-2', name })
  const [manifest, signature] = ['manifest.json', 'manifest.json.sig'].map((n) => readFileSync(join(folder, n)))
  t.equal(signatureFault(manifest!, signature, publicKey), undefined)
  t.match(await signBundle(folder, file), { id: 'field-2' }, 'again')
  for (const key of [join(dir, 'text'), `${file}.pub`, join(dir, 'nowhere')])
    await t.rejects(signBundle(folder, key), { code: 'input', message: /^no key to sign with, --key / })
  await t.rejects(signBundle(dir, file), { name: 'BundleError' })
})

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { bundleKey } from '../../../agent/config/bundle-key.js'
import { newKeyPair, rawKey } from '../../../contract/bundle-signature.js'

t.test('a key as it is, or in a file', async (t) => {
  const dir = t.testdir()
  const { publicKey, publicPem, privatePem } = newKeyPair()
  const raw = rawKey(publicKey)
  const file = (name: string, text: string) => {
    writeFileSync(join(dir, name), text)
    return join(dir, name)
  }
  t.equal(bundleKey(raw), raw)
  t.equal(bundleKey(file('pem', publicPem)), raw)
  t.equal(bundleKey(file('raw', `${raw}\n`)), raw)
  t.throws(() => bundleKey(file('private', privatePem)), /private holds a private key/)
  t.throws(() => bundleKey(file('text', 'x')), /text holds no public key in PEM form/)
  t.throws(() => bundleKey(join(dir, 'nowhere')), /nowhere does not exist/)
})

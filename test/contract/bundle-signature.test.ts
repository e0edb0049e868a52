import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  isRawKey,
  keyName,
  newKeyPair,
  privateKeyOf,
  publicKeyOf,
  rawKey,
  signatureFault,
  signerOf,
  signManifest,
} from '../../contract/bundle-signature.js'

const manifest = Buffer.from('{"id":"field-2"}')

t.test('a pair of keys, and what was signed with it', async (t) => {
  const { privatePem, publicPem, publicKey } = newKeyPair()
  const key = privateKeyOf(privatePem)
  const raw = rawKey(publicKey)
  t.ok(isRawKey(raw))
  t.equal(rawKey(key), raw, 'the private one has the public one in it')
  for (const text of [raw, `${raw}\n`, publicPem]) t.equal(keyName(publicKeyOf(text)), keyName(publicKey))
  const signature = Buffer.from(signManifest(manifest, key))
  t.equal(signatureFault(manifest, signature, publicKey), undefined)
  t.equal(signerOf(signature), keyName(publicKey))

  const other = newKeyPair()
  const fault = (...args: Parameters<typeof signatureFault>) => signatureFault(...args) ?? ''
  t.match(fault(manifest, undefined, publicKey), new RegExp(`^is not signed, and only what key ${keyName(publicKey)}`))
  t.match(fault(manifest, Buffer.from('x'), publicKey), /holds no signature of ours/)
  t.match(fault(manifest, signature, other.publicKey), new RegExp(`signed with key ${keyName(publicKey)}, and only`))
  t.match(fault(Buffer.from('{}'), signature, publicKey), /is not of this manifest/)
  // Another key under the name of the right one.
  const forged = { ...JSON.parse(signManifest(manifest, privateKeyOf(other.privatePem))), key: keyName(publicKey) }
  t.match(fault(manifest, Buffer.from(JSON.stringify(forged)), publicKey), /is not of this manifest/)
})

t.test('openssl says the same', async (t) => {
  const dir = t.testdir()
  const { privatePem, publicPem } = newKeyPair()
  const { sig } = JSON.parse(signManifest(manifest, privateKeyOf(privatePem)))
  const file = (name: string, data: string | Buffer) => {
    writeFileSync(join(dir, name), data)
    return join(dir, name)
  }
  const args = ['pkeyutl', '-verify', '-rawin', '-pubin', '-inkey', file('pub', publicPem)]
  const out = execFileSync('openssl', [
    ...args,
    '-in',
    file('m', manifest),
    '-sigfile',
    file('s', Buffer.from(sig, 'base64')),
  ])
  t.match(out.toString(), /Verified Successfully/)
})

t.test('what is no such key', async (t) => {
  const { privatePem, publicPem } = newKeyPair()
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  t.throws(() => publicKeyOf('nonsense'), {
    message: /holds no public key in PEM form; make a pair: .*bundle keygen/,
  })
  t.throws(() => publicKeyOf(privatePem), { message: /holds a private key, which stays/ })
  t.throws(() => privateKeyOf(publicPem), { message: /holds no private key/ })
  t.throws(() => publicKeyOf(rsa.publicKey.export({ format: 'pem', type: 'spki' }) as string), {
    message: /for rsa, expected ed25519/,
  })
  const locked = rsa.privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' })
  t.throws(() => privateKeyOf(locked as string), { message: /locked with a passphrase/ })
})

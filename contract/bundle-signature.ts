/**
 * Who released a bundle: an ed25519 signature over the bytes of manifest.json, which names the SHA-256 of every file. It lies beside
 * the manifest as manifest.json.sig, and holds whether or not the files for pictures came along.
 */

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { z } from 'zod'
import { typed } from './command-line.js'

export const SIGNATURE_FILE = 'manifest.json.sig'

const RAW = /^[A-Za-z0-9+/]{43}=$/

const Signature = z.object({
  alg: z.literal('ed25519'),
  /** Which key, for people; whether it is that key the signature tells. */
  key: z.string().regex(/^[0-9a-f]{16}$/),
  sig: z.base64(),
})

export const isRawKey = (text: string): boolean => RAW.test(text)

/** From 32 bytes in base64, or PEM. @throws {Error} whose message goes behind the file's name */
export function publicKeyOf(text: string): KeyObject {
  const plain = text.trim()
  if (RAW.test(plain)) {
    const x = Buffer.from(plain, 'base64').toString('base64url')
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  }
  if (/PRIVATE KEY-----/.test(plain))
    throw new Error('holds a private key, which stays with whoever signs; name the public one')
  return ed25519(plain, 'public', createPublicKey)
}

/** From PEM. @throws {Error} whose message goes behind the file's name */
export function privateKeyOf(text: string): KeyObject {
  if (/ENCRYPTED/.test(text))
    throw new Error('is locked with a passphrase; write it without one: openssl pkey -in FILE -out FILE2')
  return ed25519(text, 'private', createPrivateKey)
}

function ed25519(text: string, kind: string, read: (text: string) => KeyObject): KeyObject {
  const instead = `make a pair: ${typed('bundle keygen --out FILE')}`
  let key: KeyObject
  try {
    key = read(text)
  } catch (cause) {
    throw new Error(`holds no ${kind} key in PEM form; ${instead}`, { cause })
  }
  if (key.asymmetricKeyType === 'ed25519') return key
  throw new Error(`holds a key for ${key.asymmetricKeyType}, expected ed25519; ${instead}`)
}

/** 32 bytes in base64: what a configuration takes. */
export const rawKey = (key: KeyObject): string => {
  const { x } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' })
  return Buffer.from(x!, 'base64url').toString('base64')
}

/** Names a key for people. */
export const keyName = (key: KeyObject): string =>
  createHash('sha256')
    .update(Buffer.from(rawKey(key), 'base64'))
    .digest('hex')
    .slice(0, 16)

export function newKeyPair(): { privatePem: string; publicPem: string; publicKey: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const pem = (key: KeyObject, type: 'pkcs8' | 'spki') => key.export({ format: 'pem', type }) as string
  return { privatePem: pem(privateKey, 'pkcs8'), publicPem: pem(publicKey, 'spki'), publicKey }
}

/** The content of manifest.json.sig. */
export function signManifest(manifest: Uint8Array, key: KeyObject): string {
  return `${JSON.stringify({ alg: 'ed25519', key: keyName(key), sig: sign(null, manifest, key).toString('base64') })}\n`
}

/** The name of the key that a signature says it is of; undefined: there is none, or none of ours. */
export const signerOf = (signature: Uint8Array | undefined): string | undefined => parse(signature)?.key

/** Why a manifest does not count as signed with this key; undefined: it does. */
export function signatureFault(
  manifest: Uint8Array,
  signature: Uint8Array | undefined,
  publicKey: KeyObject,
): string | undefined {
  const wanted = keyName(publicKey)
  if (!signature) return `is not signed, and only what key ${wanted} has signed is taken`
  const found = parse(signature)
  if (!found) return `${SIGNATURE_FILE} holds no signature of ours; sign it again: ${typed('bundle sign')}`
  if (verify(null, manifest, publicKey, Buffer.from(found.sig, 'base64'))) return undefined
  if (found.key !== wanted) return `is signed with key ${found.key}, and only what key ${wanted} has signed is taken`
  return `${SIGNATURE_FILE} is not of this manifest: one of them was changed after key ${wanted} had signed it`
}

function parse(signature: Uint8Array | undefined): z.infer<typeof Signature> | undefined {
  try {
    return Signature.safeParse(JSON.parse(Buffer.from(signature!).toString('utf8'))).data
  } catch {
    return undefined
  }
}

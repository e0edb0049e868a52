/** Keys for signing bundles, and signing with them. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readLoose } from '../../contract/bundle-file.js'
import {
  keyName,
  newKeyPair,
  privateKeyOf,
  rawKey,
  SIGNATURE_FILE,
  signManifest,
} from '../../contract/bundle-signature.js'
import { writeWhole } from '../bitstreams/files.js'
import { Failure } from '../failure.js'

/** Never over a key that is there: what it has signed could not be signed again. @throws {Failure} input */
export function keygen(file: string): { name: string; raw: string } {
  const { privatePem, publicPem, publicKey } = newKeyPair()
  try {
    writeFileSync(file, privatePem, { mode: 0o600, flag: 'wx' })
    writeFileSync(`${file}.pub`, publicPem, { mode: 0o644 })
  } catch (cause) {
    const there = (cause as NodeJS.ErrnoException).code === 'EEXIST'
    const what = there ? 'is there already; name another file, or move it away' : (cause as Error).message
    throw new Failure('input', `cannot write, --out ${file}: ${what}`, { cause })
  }
  return { name: keyName(publicKey), raw: rawKey(publicKey) }
}

/** Only a whole bundle is signed. @throws {Failure} input @throws {BundleError} */
export async function signBundle(dir: string, keyFile: string): Promise<{ id: string; sha256: string; name: string }> {
  let key: ReturnType<typeof privateKeyOf>
  try {
    key = privateKeyOf(readFileSync(keyFile, 'utf8'))
  } catch (cause) {
    throw new Failure('input', `no key to sign with, --key ${keyFile}: ${(cause as Error).message}`, { cause })
  }
  const { manifest, manifestBytes, sha256 } = await readLoose(dir)
  writeWhole(join(dir, SIGNATURE_FILE), Buffer.from(signManifest(manifestBytes, key)))
  return { id: manifest.id, sha256, name: keyName(key) }
}

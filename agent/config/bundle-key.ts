/** The public key of whoever releases bundles: written in the configuration, or in a file that it names. */
import { isRawKey, publicKeyOf, rawKey } from '../../contract/bundle-signature.js'
import { messageOf } from '../errors.js'
import { readText } from './text.js'

/** @returns 32 bytes in base64 @throws {Error} what is wrong with it */
export function bundleKey(publicKey: string): string {
  if (isRawKey(publicKey)) return publicKey
  try {
    return rawKey(publicKeyOf(readText(publicKey)))
  } catch (cause) {
    throw new Error(`${publicKey} ${messageOf(cause)}`, { cause })
  }
}

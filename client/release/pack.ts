/** A bundle's folder -> one file for boxes. */
import { packLoose, readLoose } from '../../contract/bundle-file.js'
import { signerOf } from '../../contract/bundle-signature.js'
import { writeWhole } from '../bitstreams/files.js'

export interface Packed {
  readonly id: string
  readonly bytes: number
  readonly leftOut: readonly string[]
  readonly signer: string | undefined
}

/** @throws {BundleError} @throws {Failure} other (disk) */
export async function pack(dir: string, out: string): Promise<Packed> {
  const loose = await readLoose(dir)
  const bytes = packLoose(loose)
  writeWhole(out, bytes)
  return { id: loose.manifest.id, bytes: bytes.length, leftOut: loose.leftOut, signer: signerOf(loose.signature) }
}

/** What a browser needs of a bundle to decode with it, by the hash in a bitstream's header. */
import { readFileSync } from 'node:fs'
import { type Bundle, graphPath, maskOf } from '../../../contract/bundle.js'
import { shortHash } from '../../../contract/hex.js'
import type { Bundles } from '../../bitstreams/bundles.js'
import { Failure } from '../../failure.js'

export interface BundleView {
  readonly id: string
  readonly sha256: string
  readonly latent: { readonly channels: number; readonly levels: number; readonly stride: number }
  readonly entropy: Bundle['entropy']
  /** SHA-256 of context.bin; absent: it has none. */
  readonly context?: string
  /** Of the mask's classes, by their id. */
  readonly labels: readonly string[]
}

export type BundlePart = 'decoder' | 'context'

/** @throws {Failure} input; {BundleError} */
export function describeBundle(bundles: Bundles, hash: string): BundleView {
  const { manifest, sha256, entropy, context } = bundles.byHash(hash)
  const { channels, levels, stride } = manifest.latent
  return {
    id: manifest.id,
    sha256,
    latent: { channels, levels, stride },
    entropy,
    labels: maskOf(manifest)?.labels ?? [],
    ...(context ? { context: context.sha256 } : {}),
  }
}

/** @returns the bytes and their SHA-256. @throws {Failure} input; {BundleError} */
export function bundlePart(bundles: Bundles, hash: string, part: BundlePart): { bytes: Uint8Array; sha256: string } {
  const bundle = bundles.byHash(hash)
  if (part === 'decoder') {
    const bytes = readFileSync(graphPath(bundle, 'decoder'))
    return { bytes, sha256: bundle.manifest.files['decoder/decoder.onnx'].sha256 }
  }
  if (!bundle.context) throw new Failure('input', `no context.bin, bundle ${shortHash(bundle.sha256)}, it has none`)
  return bundle.context
}

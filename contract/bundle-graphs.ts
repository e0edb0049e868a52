/** The graphs that a box runs, of a bundle that is open. In a file of its own: a thread that runs them need not load what checks manifests, 6 MB. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Bundle, Manifest } from './bundle.js'
import { BundleError } from './bundle-error.js'

export type OpenBundle = Pick<Bundle, 'dir' | 'manifest'>

export const heads = ['analyse', 'classify', 'segment'] as const
export type Head = (typeof heads)[number]
export type BoxGraph = 'encoder' | Head | 'analyse.int8'
export const boxGraphFile: Record<BoxGraph, string> = {
  encoder: 'encoder.onnx',
  analyse: 'analyse.onnx',
  'analyse.int8': 'analyse.int8.onnx',
  classify: 'classify.onnx',
  segment: 'segment.onnx',
}

/** The heads that a bundle has: analyse alone where it has that, since it answers for both others. */
export function headsOf({ files }: Manifest): Head[] {
  return files['analyse.onnx'] ? ['analyse'] : heads.filter((head) => files[boxGraphFile[head]])
}

/** Of the mask that a bundle's analyser, else its segmenter makes; undefined: it has none. */
export function maskOf({ files, analyse, segment, classes }: Manifest): MaskKind | undefined {
  if (files['analyse.onnx'] && analyse) {
    const { stride, classes: all } = analyse.mask
    return { head: 'analyse', stride, labels: all.map(({ label }) => label) }
  }
  return segment && files['segment.onnx'] && { head: 'segment', stride: segment.stride, labels: classes.segment }
}

export interface MaskKind {
  readonly head: Head
  /** Pixels of the frame each way for one of the mask. */
  readonly stride: number
  /** By class id. */
  readonly labels: readonly string[]
}

/** Path of one graph that a box runs, its hash checked. @throws {BundleError} */
export const boxGraphPath = (bundle: OpenBundle, name: BoxGraph): string => checkedPath(bundle, boxGraphFile[name])

/** Path of a file that the manifest lists, its hash checked. @throws {BundleError} */
export function checkedPath({ dir, manifest }: OpenBundle, file: string): string {
  checked(dir, manifest, file)
  return join(dir, file)
}

/** A file that the manifest lists, whole. @throws {BundleError} */
export function checked(dir: string, manifest: Manifest, file: string): Buffer {
  const entry = manifest.files[file]
  if (!entry) throw new BundleError('manifest', `${dir}/manifest.json: does not list ${file}`)
  const bytes = read(dir, file)
  if (bytes.length !== entry.bytes || hash(bytes) !== entry.sha256) {
    throw new BundleError(
      'hash',
      `${join(dir, file)}: ${bytes.length} bytes, SHA-256 ${hash(bytes).slice(0, 12)}…; the manifest says ${entry.bytes} bytes, ${entry.sha256.slice(0, 12)}…: the file is damaged or of another bundle; install the bundle again`,
    )
  }
  return bytes
}

export function read(dir: string, file: string): Buffer {
  try {
    return readFileSync(join(dir, file))
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const instead = code === 'ENOENT' ? 'install the bundle again' : 'let this user read it'
    throw new BundleError('missing', `${join(dir, file)}: cannot be read (${message}); ${instead}`, { cause })
  }
}

export const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

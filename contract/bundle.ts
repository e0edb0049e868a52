/**
 * The bundle: what training hands over to TypeScript, as files only (see models/README.md).
 *
 *     <id>/manifest.json  encoder.onnx  classify.onnx  segment.onnx  entropy.json  context.bin  decoder/decoder.onnx
 *
 * Everything is checked when a bundle is opened: names, types, sizes, SHA-256 of the files asked for.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { BundleError } from './bundle-error.js'

export { BundleError }

const count = z.number().int().positive()
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

export const Manifest = z.strictObject({
  format: z.literal(1),
  id: z.string().regex(/^[a-z0-9._-]{1,64}$/),
  created: z.string(),
  latent: z.strictObject({
    channels: count.max(255),
    levels: count.min(2).max(255),
    stride: count,
    /** Frame sides must be multiples of this many pixels. */
    multiple: count,
    /** Value of each symbol, ascending. */
    centres: z.array(z.number()),
  }),
  classes: z.strictObject({
    classify: z.array(z.strictObject({ id: z.string(), label: z.string() })),
    segment: z.array(z.string()),
  }),
  /** The segmenter's mask has one class id per `stride` x `stride` pixels of the frame. */
  segment: z.strictObject({ stride: count }),
  files: z.record(z.string(), z.strictObject({ bytes: count, sha256 })),
  /** SHA-256 of earlier manifests of the same networks and tables: their streams are this bundle's to decode. */
  replaces: z.array(sha256).optional(),
  metrics: z.record(z.string(), z.unknown()),
  training: z.record(z.string(), z.unknown()),
})
export type Manifest = z.infer<typeof Manifest>

const EntropyFile = z.strictObject({ scaleBits: count.max(16), freqs: z.array(z.array(count)) })

export type GraphName = 'encoder' | 'classify' | 'segment' | 'decoder'
const graphFile: Record<GraphName, string> = {
  encoder: 'encoder.onnx',
  classify: 'classify.onnx',
  segment: 'segment.onnx',
  decoder: 'decoder/decoder.onnx',
}

export interface Bundle {
  readonly dir: string
  readonly manifest: Manifest
  /** SHA-256 of manifest.json, 64 hexadecimal digits: names the whole bundle, since the manifest holds every file's hash. */
  readonly sha256: string
  readonly entropy: {
    readonly scaleBits: number
    readonly freqs: readonly (readonly number[])[]
    readonly sha256: string
  }
  /** The file the profiles fast and max need; read it with codec/. Bundles before 0.2 have none. */
  readonly context?: { readonly bytes: Uint8Array; readonly sha256: string }
}

/** Reads and checks manifest.json, entropy.json and context.bin. @throws {BundleError} */
export function openBundle(dir: string): Bundle {
  const manifestBytes = read(dir, 'manifest.json')
  const manifest = parse(Manifest, manifestBytes, join(dir, 'manifest.json'))
  const { channels, levels, centres } = manifest.latent
  if (centres.length !== levels || centres.some((c, i) => i > 0 && c <= centres[i - 1]!)) {
    throw new BundleError('manifest', `${dir}/manifest.json: expected ${levels} ascending centres`)
  }
  const entropyBytes = checked(dir, manifest, 'entropy.json')
  const { scaleBits, freqs } = parse(EntropyFile, entropyBytes, join(dir, 'entropy.json'))
  const fits = freqs.length === channels && freqs.every((row) => row.length === levels && sum(row) === 2 ** scaleBits)
  if (!fits) {
    throw new BundleError(
      'tables',
      `${dir}/entropy.json: expected ${channels} rows of ${levels} frequencies that sum to 2^${scaleBits}`,
    )
  }
  const entropy = { scaleBits, freqs, sha256: hash(entropyBytes) }
  const contextBytes = manifest.files['context.bin'] ? checked(dir, manifest, 'context.bin') : undefined
  const context = contextBytes && { bytes: contextBytes, sha256: hash(contextBytes) }
  return Object.freeze({ dir, manifest, sha256: hash(manifestBytes), entropy, ...(context ? { context } : {}) })
}

/** Path of one graph, its hash checked. @throws {BundleError} */
export function graphPath(bundle: Bundle, name: GraphName): string {
  checked(bundle.dir, bundle.manifest, graphFile[name])
  return join(bundle.dir, graphFile[name])
}

function checked(dir: string, manifest: Manifest, file: string): Buffer {
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

function read(dir: string, file: string): Buffer {
  try {
    return readFileSync(join(dir, file))
  } catch (cause) {
    throw new BundleError('missing', `${join(dir, file)}: cannot be read (${(cause as Error).message})`, { cause })
  }
}

function parse<T>(schema: z.ZodType<T>, bytes: Buffer, where: string): T {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch (cause) {
    throw new BundleError('manifest', `${where}: not JSON (${(cause as Error).message})`, { cause })
  }
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  throw new BundleError('manifest', `${where}: ${issue.path.join('.') || 'top level'}: ${issue.message}`)
}

const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const sum = (row: readonly number[]) => row.reduce((a, b) => a + b, 0)

/**
 * The bundle: what training hands over to TypeScript, as files only (see models/README.md).
 *
 *     <id>/manifest.json  encoder.onnx  analyse.onnx  entropy.json  context.bin  decoder/decoder.onnx
 *
 * beside analyse.onnx, if it likes, the same in int8, analyse.int8.onnx; or, in the place of analyse.onnx, classify.onnx and segment.onnx: a network each, as in the paper.
 *
 * Everything is checked when a bundle is opened: names, types, sizes, SHA-256 of the files asked for.
 */
import { join } from 'node:path'
import { z } from 'zod'
import { BundleError } from './bundle-error.js'
import { type BoxGraph, boxGraphFile, checked, checkedPath, hash, heads, read } from './bundle-graphs.js'
import { issueText } from './issue.js'

export { type Head, heads, headsOf, type MaskKind, maskOf } from './bundle-graphs.js'
export { BundleError }

const count = z.number().int().positive()
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

const name = z.string().regex(/^[a-z][a-z0-9_]{0,31}$/)
const share = z.number().gt(0).lt(1)

/** Of analyse.onnx: symbols -> tags float32 [N,T], mask uint8 [N,H/s,W/s], fractions float32 [N,K], map float32 [N,T,h,w] where it is described. */
const Analyse = z.strictObject({
  /** sigmoid: each by itself, several or none may be there. */
  tags: z.strictObject({
    kind: z.literal('sigmoid'),
    classes: z.array(z.strictObject({ id: name, label: z.string() })).min(1),
    /** By tag: there from `enter` on, and until it falls below `leave`. Chosen on validation data. */
    thresholds: z.record(z.string(), z.strictObject({ enter: share, leave: share })),
  }),
  /** argmax: each place is of one class. `thing`: what comes and goes; `scene`: what stays; `rest`: neither, or not known. */
  mask: z.strictObject({
    kind: z.literal('argmax'),
    stride: count,
    classes: z.array(z.strictObject({ id: name, label: z.string(), kind: z.enum(['rest', 'thing', 'scene']) })).min(1),
  }),
  /** share: of the mask's places, per class of the mask. */
  fractions: z.strictObject({ kind: z.literal('share') }),
  /** logit: of a tag at each of the latent's cells; its sigmoid, of the mean of the `top` highest, is the tag. With it a part of a picture can be analysed for itself. */
  map: z.strictObject({ kind: z.literal('logit'), top: count.max(64) }).optional(),
  /** What presence can be told of: any of these tags, or these classes of the mask. `watch`: on every camera if nobody says otherwise. */
  presence: z.array(
    z.strictObject({ id: name, label: z.string(), tags: z.array(name), mask: z.array(name), watch: z.boolean() }),
  ),
})
export type Analyse = z.infer<typeof Analyse>

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
  /** Of classify.onnx (softmax: one of them) and segment.onnx. */
  classes: z
    .strictObject({
      classify: z.array(z.strictObject({ id: z.string(), label: z.string() })).default([]),
      segment: z.array(z.string()).default([]),
    })
    .prefault({}),
  /** The segmenter's mask has one class id per `stride` x `stride` pixels of the frame. */
  segment: z.strictObject({ stride: count }).optional(),
  analyse: Analyse.optional(),
  files: z.record(z.string(), z.strictObject({ bytes: count, sha256 })),
  /** SHA-256 of earlier manifests of the same networks and tables: their streams are this bundle's to decode. */
  replaces: z.array(sha256).optional(),
  metrics: z.record(z.string(), z.unknown()),
  training: z.record(z.string(), z.unknown()),
})
export type Manifest = z.infer<typeof Manifest>

const EntropyFile = z.strictObject({ scaleBits: count.max(16), freqs: z.array(z.array(count)) })

export type GraphName = BoxGraph | 'decoder'
const graphFile: Record<GraphName, string> = { ...boxGraphFile, decoder: 'decoder/decoder.onnx' }

const tableFiles = ['entropy.json', 'context.bin']
/** All that a box runs and codes by. */
const boxNames: readonly string[] = [
  graphFile.encoder,
  graphFile.analyse,
  graphFile['analyse.int8'],
  graphFile.classify,
  graphFile.segment,
  ...tableFiles,
]
/** For whoever may look at pictures; never on a box. */
const viewerNames: readonly string[] = [graphFile.decoder]

export interface BundleFile {
  readonly name: string
  readonly bytes: number
  readonly sha256: string
}

/** The files of a bundle that belong on a box, and the names of those that do not. @throws {BundleError} a name that no bundle has */
export function divided({ files }: Manifest, where: string): { box: BundleFile[]; elsewhere: string[] } {
  const strange = Object.keys(files).find((name) => !boxNames.includes(name) && !viewerNames.includes(name))
  if (strange !== undefined)
    throw new BundleError(
      'manifest',
      `${where}: lists ${JSON.stringify(strange.slice(0, 64))}, which this version does not know; a newer blindsight may`,
    )
  const box = boxNames.flatMap((name) => (files[name] ? [{ name, ...files[name] }] : []))
  return { box, elsewhere: [...viewerNames] }
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
  const manifest = readManifest(manifestBytes, join(dir, 'manifest.json'))
  const { channels, levels, centres } = manifest.latent
  if (centres.length !== levels || centres.some((c, i) => i > 0 && c <= centres[i - 1]!)) {
    throw new BundleError('manifest', `${dir}/manifest.json: expected ${levels} ascending centres`)
  }
  const faults = headFaults(manifest)
  if (faults.length > 0) throw new BundleError('manifest', `${dir}/manifest.json: ${faults.join('; ')}`)
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

/** By its schema alone. @throws {BundleError} */
export const readManifest = (bytes: Buffer, where: string): Manifest => parse(Manifest, bytes, where)

/** What a schema cannot say: names that have to be found elsewhere in the manifest. */
function headFaults({ files, latent, analyse, segment, classes }: Manifest): string[] {
  const faults: string[] = []
  if (!heads.some((head) => files[graphFile[head]]))
    faults.push(`has neither analyse.onnx nor classify.onnx or segment.onnx: nothing here says what is seen; ${AGAIN}`)
  if (files['analyse.onnx'] && !analyse) faults.push("analyse.onnx is listed, but 'analyse' does not describe it")
  if (files['segment.onnx'] && !(segment && classes.segment.length > 0))
    faults.push("segment.onnx is listed, but 'segment' and 'classes.segment' do not describe it")
  if (files['classify.onnx'] && classes.classify.length === 0)
    faults.push("classify.onnx is listed, but 'classes.classify' does not describe it")
  if (!analyse) return faults
  const { tags, mask, map, presence } = analyse
  if (map && latent.stride % mask.stride !== 0)
    faults.push(`analyse.map: the mask's stride, ${mask.stride}, does not divide the latent's, ${latent.stride}`)
  const tagIds = tags.classes.map(({ id }) => id)
  const maskIds = mask.classes.map(({ id }) => id)
  const unknown = (where: string, ids: readonly string[], known: readonly string[]) => {
    for (const id of ids)
      if (!known.includes(id)) faults.push(`${where}: '${id}' is none of ${known.join(', ')}; ${AGAIN}`)
  }
  for (const [where, ids] of Object.entries({ 'analyse.tags.classes': tagIds, 'analyse.mask.classes': maskIds }))
    if (new Set(ids).size < ids.length) faults.push(`${where}: an id is there twice`)
  unknown('analyse.tags.thresholds', Object.keys(tags.thresholds), tagIds)
  for (const id of tagIds) {
    const limits = tags.thresholds[id]
    if (!limits) faults.push(`analyse.tags.thresholds: ${id} has none; ${AGAIN}`)
    else if (limits.leave > limits.enter) faults.push(`analyse.tags.thresholds.${id}: leave is above enter; ${AGAIN}`)
  }
  for (const { id, tags: ofTags, mask: ofMask } of presence) {
    unknown(`analyse.presence.${id}.tags`, ofTags, tagIds)
    unknown(`analyse.presence.${id}.mask`, ofMask, maskIds)
  }
  return faults
}

/** Path of one graph, its hash checked. @throws {BundleError} */
export const graphPath = (bundle: Bundle, name: GraphName): string => checkedPath(bundle, graphFile[name])

function parse<T>(schema: z.ZodType<T>, bytes: Buffer, where: string): T {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch (cause) {
    throw new BundleError('manifest', `${where}: not JSON (${(cause as Error).message})`, { cause })
  }
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new BundleError('manifest', `${where}: ${issueText(result.error, 'top level')}`)
}

const AGAIN = 'install the bundle again, or correct the manifest of one of your own'
const sum = (row: readonly number[]) => row.reduce((a, b) => a + b, 0)

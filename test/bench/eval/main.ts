/**
 * A bundle on data sets, from real bitstreams: each picture is encoded, packed into a record, read back and decoded; what is
 * scored are the networks on the symbols that came out.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname } from 'node:path'
import { bundleDir } from '../../../agent/bundles.js'
import { Networks, type Precision } from '../../../agent/infer/networks.js'
import { Graph } from '../../../client/decode/onnx.js'
import { type Coding, Decoder, Encoder, Packer, type Profile, readRecord } from '../../../codec/index.js'
import { type Bundle, graphPath, headsOf, openBundle } from '../../../contract/bundle.js'
import { codingOf } from '../../../contract/coding.js'
import { shortHash } from '../../../contract/hex.js'
import { evaluateClips } from './clips/main.js'
import { Confusion } from './confusion.js'
import { type Dataset, findDatasets } from './datasets.js'
import { BadFile, type Middle, readMask, readPicture } from './pictures.js'
import { msSsim, psnr, ssim } from './quality.js'

export interface EvalOptions {
  readonly bundle: string
  readonly data?: string
  /** A folder of clips with truth files. */
  readonly clips?: string
  /** Pixels, of classified pictures; segmented ones are taken whole. */
  readonly crop: number
  readonly coding: Profile
  /** Pictures of each data set, evenly from all; undefined: all. */
  readonly limit?: number
  readonly skipCorrupt: boolean
  readonly threads: number
  readonly precision: Precision
  /** File for the JSON, which stdout gets anyway. */
  readonly json?: string
}

/** Imagewoof's ten; the other classes of imagenet20-160 are Imagenette's. */
const WOOF = new Set(
  'n02086240 n02087394 n02088364 n02089973 n02093754 n02096294 n02099601 n02105641 n02111889 n02115641'.split(' '),
)
const TOP = 5

/** Prints tables on stderr and JSON on stdout. @throws {Error} names the folder or file that cannot be used */
export async function evaluate(options: EvalOptions): Promise<void> {
  const bundle = openBundle(bundleDir(options.bundle))
  // Known now, and not after all pictures.
  if (options.json && !existsSync(dirname(options.json)))
    throw new Error(`--json ${options.json}: no such folder as ${dirname(options.json)}`)
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', threads: options.threads || cpus().length }
  const { manifest, sha256 } = bundle
  const result = {
    bundle: manifest.id,
    sha256,
    ...machine,
    ...(options.data && {
      coding: options.coding,
      sets: await evaluateData(bundle, { ...options, data: options.data }),
    }),
    ...(options.clips && { clips: await evaluateClips(bundle, options.clips, options) }),
  }
  const text = JSON.stringify(result, null, 1)
  console.log(text)
  if (options.json) writeFileSync(options.json, `${text}\n`)
}

async function evaluateData(bundle: Bundle, options: EvalOptions & { data: string }): Promise<object> {
  const { multiple } = bundle.manifest.latent
  if (options.crop % multiple) throw new Error(`--crop ${options.crop}: expected a multiple of ${multiple}`)
  if (options.coding !== 'static' && !bundle.context)
    throw new Error(`--coding ${options.coding}: bundle ${bundle.manifest.id} has no context model; use static`)
  const sets = findDatasets(
    options.data,
    bundle.manifest.classes.classify.map(({ id }) => id),
  )
  const scored = headsOf(bundle.manifest).filter((head) => head !== 'analyse')
  const networks = await Networks.open(bundle, new Set(scored), [], {
    providers: ['cpu'],
    threads: options.threads,
    note: () => {},
  })
  const decoder = await Graph.open(graphPath(bundle, 'decoder'))
  const coder = new Coder(bundle, options.coding)
  const report: Record<string, object> = {}
  for (const set of sets) report[set.name] = await evaluateSet(set, { bundle, networks, decoder, coder, options })
  await networks.release()
  await decoder.close()
  return report
}

interface Parts {
  readonly bundle: Bundle
  readonly networks: Networks
  readonly decoder: Graph
  readonly coder: Coder
  readonly options: EvalOptions
}

async function evaluateSet(set: Dataset, parts: Parts): Promise<object> {
  const { bundle, networks, decoder, coder, options } = parts
  const { latent, classes, segment } = bundle.manifest
  const labelled = set.kind === 'classify' && headsOf(bundle.manifest).includes('classify')
  const masked = set.kind === 'segment' && segment !== undefined && headsOf(bundle.manifest).includes('segment')
  const wanted = Math.min(options.limit ?? set.items.length, set.items.length)
  const items = Array.from({ length: wanted }, (_, i) => set.items[Math.floor((i * set.items.length) / wanted)]!)
  const sums = new Map<string, number>()
  const add = (name: string, value: number) => sums.set(name, (sums.get(name) ?? 0) + value)
  const ms = new Map<string, number>()
  const timed = async <T>(stage: string, work: () => T | Promise<T>): Promise<T> => {
    const started = performance.now()
    const result = await work()
    ms.set(stage, (ms.get(stage) ?? 0) + performance.now() - started)
    return result
  }
  const voidId = (set.kind === 'segment' ? set.voidId : undefined) ?? classes.segment.length
  const confusion = new Confusion(classes.segment.length)
  const halves = { imagenette: [0, 0], imagewoof: [0, 0] }
  let [images, skipped, shown] = [0, 0, 0]
  const started = performance.now()
  for (const item of items) {
    let picture: Middle
    let truth: Uint8Array | undefined
    try {
      picture = await readPicture(item.picture, latent.multiple, set.kind === 'classify' ? options.crop : undefined)
      if ('mask' in item && masked) truth = readMask(item.mask, classes.segment.length, voidId, picture)
    } catch (error) {
      if (!(error instanceof BadFile) || !options.skipCorrupt) throw error
      console.error(`skipped, ${error.message}`)
      skipped++
      continue
    }
    const size = { width: picture.width, height: picture.height }
    const pixels = size.width * size.height
    const symbols = await timed('encode', () => networks.encode(picture.data.slice(), size))
    const bits = await timed('entropyCode', () => coder.pack(size, symbols))
    const decoded = await timed('entropyDecode', () => coder.unpack(bits.record))
    if (Buffer.compare(decoded, symbols) !== 0) throw new Error(`${item.picture}: other symbols were decoded`)
    const dims = [1, latent.channels, size.height / latent.stride, size.width / latent.stride]
    const rgb = await timed('decode', () => decoder.run(decoded, dims, 'frame', [1, size.height, size.width, 3]))
    const again = { ...size, data: rgb.data }
    add('bpp', (8 * bits.payload) / pixels)
    add('bpp_record', (8 * bits.record.length) / pixels)
    add('psnr_db', psnr(picture, again))
    add('ssim', ssim(picture, again))
    add('ms_ssim', msSsim(picture, again))
    if ('label' in item && labelled) {
      const scores = await timed('classify', () => networks.classify(decoded, size))
      const label = classes.classify.findIndex(({ id }) => id === item.label)
      const rank = scores.reduce((better, score) => better + (score > scores[label]! ? 1 : 0), 0)
      const half = WOOF.has(item.label) ? halves.imagewoof : halves.imagenette
      half[0]! += rank === 0 ? 1 : 0
      half[1]!++
      add('top1', rank === 0 ? 100 : 0)
      add('top5', rank < TOP ? 100 : 0)
    }
    if (truth && segment) {
      const { mask } = await timed('segment', () => networks.segment(decoded, size))
      confusion.add(truth, mask, size.width, segment.stride)
    }
    images++
    if (performance.now() - shown > 5000) {
      shown = performance.now()
      const left = ((shown - started) / (images + skipped)) * (items.length - images - skipped)
      console.error(`${set.name}: ${images} of ${items.length} pictures, ${(left / 1000).toFixed(0)} s left`)
    }
  }
  if (images === 0) throw new Error(`${set.name}: no picture could be used, ${skipped} were skipped`)
  const means = Object.fromEntries(
    [...sums].filter(([, sum]) => !Number.isNaN(sum)).map(([name, sum]) => [name, rounded(sum / images)]),
  )
  const iou = confusion.iou()
  const share = ([hit, all]: number[]) => rounded((100 * hit!) / all!)
  const result = {
    images,
    skipped,
    ...(set.kind === 'classify' && { crop: options.crop }),
    ...means,
    ...(labelled &&
      halves.imagewoof[1]! * halves.imagenette[1]! > 0 && {
        top1_imagenette: share(halves.imagenette),
        top1_imagewoof: share(halves.imagewoof),
      }),
    ...(masked && {
      miou: rounded((100 * iou.reduce((a, b) => a + b)) / iou.length),
      pixel_accuracy: rounded(100 * confusion.pixelAccuracy()),
      iou: Object.fromEntries(iou.map((value, c) => [classes.segment[c]!, rounded(100 * value)])),
    }),
    ms: Object.fromEntries([...ms].map(([stage, sum]) => [stage, rounded(sum / images)])),
  }
  table(set.name, result)
  return result
}

const rounded = (x: number): number => Number(x.toFixed(4))

/** Each picture as a camera's only frame. A keyframe needs nothing of what was coded before it. */
class Coder {
  private readonly coding: Coding
  private readonly packer: Packer
  private readonly decoder: Decoder
  private readonly encoders = new Map<string, Encoder>()

  constructor(
    private readonly bundle: Bundle,
    private readonly profile: Profile,
  ) {
    this.coding = codingOf(bundle)
    this.packer = new Packer(this.coding.contextHash)
    this.decoder = new Decoder(this.coding)
  }

  pack(size: { width: number; height: number }, symbols: Uint8Array): { record: Uint8Array; payload: number } {
    const { channels, levels, stride } = this.bundle.manifest.latent
    const shape = { height: size.height / stride, width: size.width / stride }
    const name = `${shape.width}x${shape.height}`
    const encoder = this.encoders.get(name) ?? new Encoder(this.profile, this.coding, shape)
    this.encoders.set(name, encoder)
    const coded = encoder.encode(symbols, { key: true })
    const hashes = { bundle: shortHash(this.bundle.sha256), tables: this.coding.tablesHash }
    const frame = { mode: 0, ...hashes, camera: 'eval', boot: '00'.repeat(8), seq: 0, timeUs: 0 }
    const record = this.packer.pack({ ...frame, ...size, channels, levels, stride }, coded)
    return { record, payload: coded.payload.length }
  }

  unpack(record: Uint8Array): Uint8Array {
    return this.decoder.decode(readRecord(record)).symbols
  }
}

function table(name: string, result: Record<string, unknown>): void {
  console.error(`\n${name}`)
  for (const [key, value] of Object.entries(result)) {
    if (typeof value !== 'object') console.error(`  ${key.padEnd(18)}${String(value).padStart(10)}`)
    else
      for (const [part, figure] of Object.entries(value as object))
        console.error(`  ${`${key} ${part}`.padEnd(18)}${String(figure).padStart(10)}`)
  }
}

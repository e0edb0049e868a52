/** The networks of the box on one bundle: frame -> symbols -> tags or classes, and mask. There is no way back to RGB here. */
import type { Bundle } from '../../contract/bundle.js'
import { BundleError } from '../../contract/bundle-error.js'
import { boxGraphPath, type Head } from '../../contract/bundle-graphs.js'
import { int8Of } from './bytes.js'
import type { Opening } from './messages.js'
import { Graph, type GraphOptions, type Tensor } from './onnx.js'
import { type Part, pieceOf, withPiece } from './part.js'

export interface FrameSize {
  readonly width: number
  readonly height: number
}

const signature: Record<'encoder' | Head, { input: string; outputs: string[] }> = {
  encoder: { input: 'frame', outputs: ['symbols'] },
  analyse: { input: 'symbols', outputs: ['tags', 'mask', 'fractions'] },
  classify: { input: 'symbols', outputs: ['probabilities'] },
  segment: { input: 'symbols', outputs: ['mask', 'fractions'] },
}

export type Precision = 'auto' | 'float'

export interface Analysis {
  /** [T] */
  readonly tags: Float32Array
  /** [H/s,W/s] class ids */
  readonly mask: Uint8Array
  /** [K] */
  readonly fractions: Float32Array
  /** [T,h,w] what the tags are of, where the graph gives it and a piece of the latent may be analysed for itself. */
  readonly map?: Float32Array | undefined
}

/** What was said of the picture, of which a part is to be said anew. */
export interface Again<Said extends Partial<Analysis> = Partial<Analysis>> {
  readonly part: Part
  readonly before: Said
}

export interface NetworksOptions extends Omit<GraphOptions, 'running'> {
  /** Only these are opened. */
  readonly only?: 'encoder' | 'heads' | undefined
  /** auto: on the CPU in int8, where the bundle has such a graph and the processor is fast at it. */
  readonly precision?: Precision | undefined
  /** Told of every step, in their order. */
  readonly opens?: (opening: Opening) => void
}

export class Networks {
  private constructor(
    private readonly bundle: Bundle,
    private readonly encoder: Graph | undefined,
    private readonly analyser: Graph | undefined,
    private readonly classifier: Graph | undefined,
    private readonly segmenter: Graph | undefined,
  ) {}

  /** Opens the encoder and the heads asked for, or one of the two; a warm-up run at every frame size builds engines and checks shapes. */
  static async open(
    bundle: Bundle,
    heads: ReadonlySet<Head>,
    sizes: readonly FrameSize[],
    options: NetworksOptions,
  ): Promise<Networks> {
    const { channels, stride, multiple } = bundle.manifest.latent
    for (const { width, height } of sizes) {
      if (width % multiple || height % multiple) {
        throw new BundleError(
          'graph',
          `bundle ${bundle.manifest.id}: ${width}x${height} frames: sides must be multiples of ${multiple}`,
        )
      }
    }
    const blank = (dims: number[]): Tensor => ({ data: new Uint8Array(dims.reduce((a, b) => a * b)), dims })
    const frames = sizes.map(({ width, height }) => blank([1, height, width, 3]))
    const latents = sizes.map(({ width, height }) => blank([1, channels, height / stride, width / stride]))
    const names = [
      'encoder' as const,
      ...(['analyse', 'classify', 'segment'] as const).filter((head) => heads.has(head)),
    ]
    const open = async (name: keyof typeof signature, warmUp: Tensor[]) => {
      const path = boxGraphPath(bundle, name)
      const int8 = name === 'analyse' && options.precision !== 'float' ? int8Of(bundle) : undefined
      const opening = { graph: name, number: names.indexOf(name) + 1, of: names.length }
      options.opens?.(opening)
      let graph: Graph
      try {
        const running = (i: number) => options.opens?.({ ...opening, size: sizes[i]! })
        const form = (cpuPath?: string) => Graph.open(path, { ...options, running }, warmUp, cpuPath)
        graph = await form(int8).catch((error) => {
          if (!int8) throw error
          options.note(`${int8} does not run: in float instead`)
          return form()
        })
        if (name === 'analyse' && bundle.manifest.files['analyse.int8.onnx'] && graph.provider === 'cpu')
          options.note(`analyse runs in ${isInt8(graph) ? 'int8' : 'float'}`)
      } catch (cause) {
        throw new BundleError('graph', `${path}: ONNX Runtime cannot run it (${(cause as Error).message})`, { cause })
      }
      const { input, outputs } = signature[name]
      const mapped = name === 'analyse' && bundle.manifest.analyse?.map
      const want = { input, outputs: mapped ? [...outputs, 'map'] : outputs }
      if (graph.inputs.join() !== want.input || graph.outputs.join() !== want.outputs.join()) {
        throw new BundleError(
          'graph',
          `${graph.path}: has ${graph.inputs} -> ${graph.outputs}, expected ${want.input} -> ${want.outputs}`,
        )
      }
      return graph
    }
    const wanted = (head: Head) => heads.has(head) && options.only !== 'encoder'
    const networks = new Networks(
      bundle,
      options.only === 'heads' ? undefined : await open('encoder', frames),
      wanted('analyse') ? await open('analyse', latents) : undefined,
      wanted('classify') ? await open('classify', latents) : undefined,
      wanted('segment') ? await open('segment', latents) : undefined,
    )
    for (const size of sizes) await networks.checkShapes(size)
    return networks
  }

  /** What the analyser calculates with. */
  get precision(): 'int8' | 'float' {
    return this.analyser && isInt8(this.analyser) ? 'int8' : 'float'
  }

  get providers(): Record<string, string> {
    const graphs = { encoder: this.encoder, analyse: this.analyser, classify: this.classifier, segment: this.segmenter }
    return Object.fromEntries(
      Object.entries(graphs).flatMap(([name, graph]) => (graph ? [[name, graph.provider]] : [])),
    )
  }

  /** uint8 [H,W,3] RGB -> uint8 [C,H/8,W/8] symbols */
  async encode(rgb: Uint8Array, { width, height }: FrameSize): Promise<Uint8Array> {
    const [symbols] = await this.encoder!.run({ data: rgb, dims: [1, height, width, 3] })
    return symbols!.data as Uint8Array
  }

  /**
   * symbols -> float32 [T] probability of each tag, uint8 [H/s,W/s] class ids and float32 [K] shares of the picture
   *
   * @param again only a part of the picture is looked at, the rest of the answer is that of before
   */
  async analyse(symbols: Uint8Array, size: FrameSize, again?: Again): Promise<Analysis> {
    const { map: before, mask: maskBefore } = again?.before ?? {}
    if (again && before && maskBefore) {
      const seen = await this.analyse(...this.piece(symbols, size, again.part))
      return this.merged(before, maskBefore, again.part, seen, size)
    }
    const [tags, mask, fractions, map] = await this.analyser!.run(this.latent(symbols, size))
    return {
      tags: tags!.data as Float32Array,
      mask: mask!.data as Uint8Array,
      fractions: fractions!.data as Float32Array,
      // Other providers build engines or choose kernels for each size that comes.
      ...(map && this.analyser!.provider === 'cpu' && { map: map.data as Float32Array }),
    }
  }

  private piece(symbols: Uint8Array, size: FrameSize, { seen }: Part): [Uint8Array, FrameSize] {
    const { stride } = this.bundle.manifest.latent
    const piece = { width: (seen.right - seen.left) * stride, height: (seen.bottom - seen.top) * stride }
    return [pieceOf(symbols, this.cells(size), seen), piece]
  }

  private merged(map: Float32Array, mask: Uint8Array, part: Part, seen: Analysis, size: FrameSize): Analysis {
    const { latent, analyse } = this.bundle.manifest
    const cells = this.cells(size)
    const mapNow = withPiece(map, cells, seen.map!, part)
    const maskNow = withPiece(mask, cells, seen.mask, part, latent.stride / analyse!.mask.stride)
    const tags = tagsOf(mapNow, cells, analyse!.map!.top)
    return { tags, mask: maskNow, fractions: sharesOf(maskNow, analyse!.mask.classes.length), map: mapNow }
  }

  /** symbols -> float32 [classes] probabilities */
  async classify(symbols: Uint8Array, size: FrameSize): Promise<Float32Array> {
    const [probabilities] = await this.classifier!.run(this.latent(symbols, size))
    return probabilities!.data as Float32Array
  }

  /** symbols -> uint8 [H/s,W/s] class ids and float32 [classes] shares of the picture */
  async segment(symbols: Uint8Array, size: FrameSize): Promise<{ mask: Uint8Array; fractions: Float32Array }> {
    const [mask, fractions] = await this.segmenter!.run(this.latent(symbols, size))
    return { mask: mask!.data as Uint8Array, fractions: fractions!.data as Float32Array }
  }

  async release(): Promise<void> {
    for (const graph of [this.encoder, this.analyser, this.classifier, this.segmenter]) await graph?.release()
  }

  private cells({ width, height }: FrameSize): FrameSize {
    const { stride } = this.bundle.manifest.latent
    return { width: width / stride, height: height / stride }
  }

  private latent(symbols: Uint8Array, size: FrameSize): Tensor {
    const { width, height } = this.cells(size)
    return { data: symbols, dims: [1, this.bundle.manifest.latent.channels, height, width] }
  }

  private async checkShapes({ width, height }: FrameSize): Promise<void> {
    const { latent, classes, segment, analyse, id } = this.bundle.manifest
    const cells = (height * width) / latent.stride ** 2
    const expect = (what: string, data: object, type: typeof Uint8Array | typeof Float32Array, want: number) => {
      const { length } = data as Uint8Array
      if (data instanceof type && length === want) return
      throw new BundleError(
        'graph',
        `bundle ${id}: ${what} is a ${data.constructor.name} of ${length} for a ${width}x${height} frame, expected a ${type.name} of ${want}`,
      )
    }
    const symbols = this.encoder
      ? await this.encode(new Uint8Array(height * width * 3), { width, height })
      : new Uint8Array(latent.channels * cells)
    expect('symbols', symbols, Uint8Array, latent.channels * cells)
    if (this.analyser && analyse) {
      const { tags, mask, fractions, map } = await this.analyse(symbols, { width, height })
      expect('tags', tags, Float32Array, analyse.tags.classes.length)
      expect('mask', mask, Uint8Array, (height * width) / analyse.mask.stride ** 2)
      expect('fractions', fractions, Float32Array, analyse.mask.classes.length)
      if (map) expect('map', map, Float32Array, tags.length * cells)
    }
    if (this.classifier)
      expect('probabilities', await this.classify(symbols, { width, height }), Float32Array, classes.classify.length)
    if (this.segmenter && segment) {
      const { mask, fractions } = await this.segment(symbols, { width, height })
      expect('mask', mask, Uint8Array, (height * width) / segment.stride ** 2)
      expect('fractions', fractions, Float32Array, classes.segment.length)
    }
  }
}

const isInt8 = ({ path }: Graph): boolean => path.endsWith('.int8.onnx')

/** As the graph does it: a tag is the sigmoid of the mean of the highest cells of its map, [T,h,w]. */
export function tagsOf(map: Float32Array, { width, height }: FrameSize, top: number): Float32Array {
  const cells = width * height
  const tags = new Float32Array(map.length / cells)
  const highest = new Float32Array(top)
  for (let tag = 0; tag < tags.length; tag++) {
    highest.fill(-Infinity)
    for (let i = tag * cells; i < (tag + 1) * cells; i++) {
      const value = map[i]!
      if (value <= highest[0]!) continue
      highest[0] = value // the lowest of them stands first
      highest.sort()
    }
    tags[tag] = 1 / (1 + Math.exp(-highest.reduce((sum, value) => sum + value) / top))
  }
  return tags
}

function sharesOf(mask: Uint8Array, classes: number): Float32Array {
  const shares = new Float32Array(classes)
  for (const id of mask) shares[id]! += 1
  return shares.map((count) => count / mask.length)
}

/** The networks of the box on one bundle: frame -> symbols -> tags or classes, and mask. There is no way back to RGB here. */
import { type Bundle, BundleError, type GraphName, graphPath, type Head } from '../../contract/bundle.js'
import type { Opening } from './messages.js'
import { Graph, type GraphOptions, type Tensor } from './onnx.js'

export interface FrameSize {
  readonly width: number
  readonly height: number
}

const signature: Record<Exclude<GraphName, 'decoder'>, { input: string; outputs: string[] }> = {
  encoder: { input: 'frame', outputs: ['symbols'] },
  analyse: { input: 'symbols', outputs: ['tags', 'mask', 'fractions'] },
  classify: { input: 'symbols', outputs: ['probabilities'] },
  segment: { input: 'symbols', outputs: ['mask', 'fractions'] },
}

export interface Analysis {
  readonly tags: Float32Array
  readonly mask: Uint8Array
  readonly fractions: Float32Array
}

export interface NetworksOptions extends Omit<GraphOptions, 'running'> {
  /** Told of every step, in their order. */
  readonly opens?: (opening: Opening) => void
}

export class Networks {
  private constructor(
    private readonly bundle: Bundle,
    private readonly encoder: Graph,
    private readonly analyser: Graph | undefined,
    private readonly classifier: Graph | undefined,
    private readonly segmenter: Graph | undefined,
  ) {}

  /** Opens the encoder and the heads asked for; a warm-up run at every frame size builds engines and checks shapes. */
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
      const path = graphPath(bundle, name)
      const opening = { graph: name, number: names.indexOf(name) + 1, of: names.length }
      options.opens?.(opening)
      let graph: Graph
      try {
        const running = (i: number) => options.opens?.({ ...opening, size: sizes[i]! })
        graph = await Graph.open(path, { ...options, running }, warmUp)
      } catch (cause) {
        throw new BundleError('graph', `${path}: ONNX Runtime cannot run it (${(cause as Error).message})`, { cause })
      }
      const want = signature[name]
      if (graph.inputs.join() !== want.input || graph.outputs.join() !== want.outputs.join()) {
        throw new BundleError(
          'graph',
          `${path}: has ${graph.inputs} -> ${graph.outputs}, expected ${want.input} -> ${want.outputs}`,
        )
      }
      return graph
    }
    const networks = new Networks(
      bundle,
      await open('encoder', frames),
      heads.has('analyse') ? await open('analyse', latents) : undefined,
      heads.has('classify') ? await open('classify', latents) : undefined,
      heads.has('segment') ? await open('segment', latents) : undefined,
    )
    for (const frame of frames) await networks.checkShapes(frame)
    return networks
  }

  get providers(): Record<string, string> {
    const graphs = { encoder: this.encoder, analyse: this.analyser, classify: this.classifier, segment: this.segmenter }
    return Object.fromEntries(
      Object.entries(graphs).flatMap(([name, graph]) => (graph ? [[name, graph.provider]] : [])),
    )
  }

  /** uint8 [H,W,3] RGB -> uint8 [C,H/8,W/8] symbols */
  async encode(rgb: Uint8Array, { width, height }: FrameSize): Promise<Uint8Array> {
    const [symbols] = await this.encoder.run({ data: rgb, dims: [1, height, width, 3] })
    return symbols!.data as Uint8Array
  }

  /** symbols -> float32 [T] probability of each tag, uint8 [H/s,W/s] class ids and float32 [K] shares of the picture */
  async analyse(symbols: Uint8Array, size: FrameSize): Promise<Analysis> {
    const [tags, mask, fractions] = await this.analyser!.run(this.latent(symbols, size))
    return {
      tags: tags!.data as Float32Array,
      mask: mask!.data as Uint8Array,
      fractions: fractions!.data as Float32Array,
    }
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

  private latent(symbols: Uint8Array, { width, height }: FrameSize): Tensor {
    const { channels, stride } = this.bundle.manifest.latent
    return { data: symbols, dims: [1, channels, height / stride, width / stride] }
  }

  private async checkShapes(frame: Tensor): Promise<void> {
    const { latent, classes, segment, analyse, id } = this.bundle.manifest
    const [, height, width] = frame.dims as [number, number, number]
    const expect = (what: string, data: object, type: typeof Uint8Array | typeof Float32Array, want: number) => {
      const { length } = data as Uint8Array
      if (data instanceof type && length === want) return
      throw new BundleError(
        'graph',
        `bundle ${id}: ${what} is a ${data.constructor.name} of ${length} for a ${width}x${height} frame, expected a ${type.name} of ${want}`,
      )
    }
    const symbols = await this.encode(frame.data as Uint8Array, { width, height })
    expect('symbols', symbols, Uint8Array, (latent.channels * height * width) / latent.stride ** 2)
    if (this.analyser && analyse) {
      const { tags, mask, fractions } = await this.analyse(symbols, { width, height })
      expect('tags', tags, Float32Array, analyse.tags.classes.length)
      expect('mask', mask, Uint8Array, (height * width) / analyse.mask.stride ** 2)
      expect('fractions', fractions, Float32Array, analyse.mask.classes.length)
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

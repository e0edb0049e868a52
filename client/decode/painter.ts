/** One bundle's networks, from a frame's symbols to the view. This is where the decoder network is loaded. */
import type { FrameInfo } from '../../codec/index.js'
import { type Bundle, BundleError, graphPath, type MaskKind, maskOf } from '../../contract/bundle.js'
import { compose } from './compose.js'
import { Graph } from './onnx.js'
import type { Picture } from './picture.js'

export class Painter {
  private constructor(
    private readonly mask: MaskKind,
    private readonly decoder: Graph,
    private readonly segmenter: Graph,
  ) {}

  /** @throws {BundleError} */
  static async open(bundle: Bundle): Promise<Painter> {
    const mask = maskOf(bundle.manifest)
    if (!mask)
      throw new BundleError('manifest', `${bundle.dir}/manifest.json: lists neither analyse.onnx nor segment.onnx`)
    const decoder = await Graph.open(graphPath(bundle, 'decoder'))
    const segmenter = await Graph.open(graphPath(bundle, mask.head))
    return new Painter(mask, decoder, segmenter)
  }

  /** `symbols`: [C, height/stride, width/stride]. @throws {BundleError} */
  async paint({ width, height, channels, stride }: FrameInfo, symbols: Uint8Array): Promise<Picture> {
    const { stride: side, labels } = this.mask
    const dims = [1, channels, height / stride, width / stride]
    const maskSize = [1, Math.floor(height / side), Math.floor(width / side)]
    const picture = await this.decoder.run(symbols, dims, 'frame', [1, height, width, 3])
    const found = await this.segmenter.run(symbols, dims, 'mask', maskSize)
    return compose(
      { width, height, data: picture.data },
      { width: maskSize[2], height: maskSize[1], ids: found.data },
      labels,
    )
  }

  async close(): Promise<void> {
    await this.decoder.close()
    await this.segmenter.close()
  }
}

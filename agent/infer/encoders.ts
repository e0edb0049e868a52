/** Symbols -> payloads: an entropy coder per camera, the keyframes that no clock asks for, and which cells have changed. */
import { type Coded, type Coding, Encoder, type Profile } from '../../codec/index.js'
import { changes } from './changes.js'
import type { FrameSize } from './networks.js'

/**
 * With a larger share of symbols changed it is another scene, and a keyframe costs less than to predict from the one before.
 * Measured with lean-1 on pairs of unrelated pictures: 32 to 47 % of the symbols differ; with one put into the other from the
 * left, the two cost the same at 29 %. Changes that are spread over the picture are cheaper to predict, up to twice that.
 */
const CUT_SHARE = 0.3

export interface CodedFrame {
  readonly coded: Coded
  /** Per cell of the latent, 1: changed since the frame before; absent: there was none. */
  readonly changed?: Uint8Array
}

interface Kept {
  readonly encoder: Encoder
  /** Symbols of the frame before. */
  last: Uint8Array | undefined
}

export class Encoders {
  private readonly cameras = new Map<string, Kept>()

  constructor(
    private readonly coding: Coding,
    private readonly stride: number,
  ) {}

  /** `key` asks for a keyframe. After an error the camera's next frame is one, too. */
  encode(cam: string, profile: Profile, size: FrameSize, symbols: Uint8Array, key: boolean): CodedFrame {
    const kept = this.of(cam, profile, size)
    const { height, width } = kept.encoder.shape
    const since = kept.last && changes(symbols, kept.last, height * width)
    const cut = since !== undefined && since.symbols > CUT_SHARE * symbols.length
    kept.last = symbols
    try {
      const coded = kept.encoder.encode(symbols, { key: key || cut })
      return { coded, ...(since && { changed: since.cells }) }
    } catch (error) {
      this.cameras.delete(cam)
      throw error
    }
  }

  private of(cam: string, profile: Profile, { width, height }: FrameSize): Kept {
    const shape = { height: height / this.stride, width: width / this.stride }
    let kept = this.cameras.get(cam)
    const { encoder } = kept ?? {}
    const same =
      encoder?.profile === profile && encoder.shape.height === shape.height && encoder.shape.width === shape.width
    if (!kept || !same) {
      kept = { encoder: new Encoder(profile, this.coding, shape), last: undefined }
      this.cameras.set(cam, kept)
    }
    return kept
  }
}

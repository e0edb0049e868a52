/** Symbols -> payloads: an entropy coder per camera, and the keyframes that no clock asks for. */
import { type Coded, type Coding, Encoder, type Profile } from '../../codec/index.js'
import type { FrameSize } from './networks.js'

/**
 * With a larger share of symbols changed it is another scene, and a keyframe costs less than to predict from the one before.
 * Measured with lean-1 on pairs of unrelated pictures: 32 to 47 % of the symbols differ; with one put into the other from the
 * left, the two cost the same at 29 %. Changes that are spread over the picture are cheaper to predict, up to twice that.
 */
const CUT_SHARE = 0.3

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
  encode(cam: string, profile: Profile, size: FrameSize, symbols: Uint8Array, key: boolean): Coded {
    const kept = this.of(cam, profile, size)
    const cut = kept.last !== undefined && changed(symbols, kept.last) > CUT_SHARE * symbols.length
    kept.last = symbols
    try {
      return kept.encoder.encode(symbols, { key: key || cut })
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

function changed(a: Uint8Array, b: Uint8Array): number {
  let count = 0
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) count++
  return count
}

/** Symbols -> payloads: an entropy coder per camera, the keyframes that no clock asks for, and which cells have changed. */
import { type Coded, type Coding, Encoder, type Profile } from '../../codec/index.js'
import type { FrameSize } from './networks.js'

/**
 * With a larger share of symbols changed it is another scene, and a keyframe costs less than to predict from the one before.
 * Measured with lean-1 on pairs of unrelated pictures: 32 to 47 % of the symbols differ; with one put into the other from the
 * left, the two cost the same at 29 %. Changes that are spread over the picture are cheaper to predict, up to twice that.
 */
const CUT_SHARE = 0.3

/**
 * Steps between neighbouring symbols, over all channels, from which a cell has changed and does not merely flicker. Measured with
 * lean-5 at 10 frames/s on the empty stretches of two clips of fixed cameras, and on those in which somebody or a car moves:
 *
 *                    empty: half, 99 % of the frames have at most   moving: 90 % have at least, half have at least
 *     from 3 steps   1.6, 2.8 %   0, 4.6 % of the cells             3.2, 10.9 %   0.5, 6.1 %
 *     from 5 steps   0, 0.06 %    0, 0.06 %                         1.5, 7.7 %    0.06, 2.9 %
 *     from 7 steps   0, 0 %       0, 0 %                            1.3, 6.0 %    0, 1.2 %
 */
const MOVED = 5

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
    const changes = kept.last && compare(symbols, kept.last, height * width)
    const cut = changes !== undefined && changes.symbols > CUT_SHARE * symbols.length
    kept.last = symbols
    try {
      const coded = kept.encoder.encode(symbols, { key: key || cut })
      return { coded, ...(changes && { changed: changes.cells }) }
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

/**
 * Of two latents, [C,h,w]: how many symbols differ, and in which of the `area` cells more do than noise changes.
 * Channels are whole planes, so the cell of a symbol is its index modulo h * w.
 */
function compare(a: Uint8Array, b: Uint8Array, area: number): { symbols: number; cells: Uint8Array } {
  const cells = new Uint8Array(area)
  let symbols = 0
  for (let plane = 0; plane < a.length; plane += area) {
    for (let cell = 0; cell < area; cell++) {
      const step = Math.abs(a[plane + cell]! - b[plane + cell]!)
      if (step === 0) continue
      symbols++
      cells[cell] = Math.min(255, cells[cell]! + step)
    }
  }
  for (let cell = 0; cell < area; cell++) cells[cell] = cells[cell]! >= MOVED ? 1 : 0
  return { symbols, cells }
}

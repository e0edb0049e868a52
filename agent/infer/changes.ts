/** What differs between two latents of one camera. */
import type { FrameSize } from './networks.js'

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

/**
 * With a larger share of symbols changed it is another scene, and a keyframe costs less than to predict from the one before.
 * Measured with lean-1 on pairs of unrelated pictures: 32 to 47 % of the symbols differ; with one put into the other from the
 * left, the two cost the same at 29 %. Changes that are spread over the picture are cheaper to predict, up to twice that.
 */
const CUT_SHARE = 0.3

export interface Difference {
  /** How many differ at all. */
  readonly symbols: number
  /** Per cell, 1: it has changed, and does not merely flicker. */
  readonly cells: Uint8Array
}

/**
 * Of two latents, [C,h,w]: how many symbols differ, and in which of the `area` cells more do than noise changes.
 * Channels are whole planes, so the cell of a symbol is its index modulo h * w.
 */
export function changes(a: Uint8Array, b: Uint8Array, area: number): Difference {
  const cells = new Uint8Array(area)
  let symbols = 0
  const [foursA, foursB] = [fours(a), fours(b)]
  for (let i = 0; i < a.length; i++) {
    // Nearly all are alike: four at a time.
    if (i % 4 === 0 && foursA[i >> 2] === foursB[i >> 2] && i + 4 <= a.length) {
      i += 3
      continue
    }
    const step = Math.abs(a[i]! - b[i]!)
    if (step === 0) continue
    symbols++
    const cell = i % area
    cells[cell] = Math.min(255, cells[cell]! + step)
  }
  for (let cell = 0; cell < area; cell++) cells[cell] = cells[cell]! >= MOVED ? 1 : 0
  return { symbols, cells }
}

/** The whole ones; of a copy where they do not lie on a boundary of four. */
function fours(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes)
  return new Uint32Array(aligned.buffer, aligned.byteOffset, bytes.length >> 2)
}

/** Each camera's latent of the frame before. */
export class Latest {
  private readonly cameras = new Map<string, FrameSize & { readonly symbols: Uint8Array }>()

  constructor(private readonly stride: number) {}

  /**
   * Takes the symbols of the camera's next frame, [C,h,w].
   * @returns which cells have changed since the frame before, absent where there was none of that size; cut: it is another scene
   */
  next(cam: string, { width, height }: FrameSize, symbols: Uint8Array): { changed?: Uint8Array; cut: boolean } {
    const before = this.cameras.get(cam)
    this.cameras.set(cam, { width, height, symbols })
    if (before?.width !== width || before.height !== height) return { cut: false }
    const since = changes(symbols, before.symbols, (width / this.stride) * (height / this.stride))
    return { changed: since.cells, cut: since.symbols > CUT_SHARE * symbols.length }
  }
}

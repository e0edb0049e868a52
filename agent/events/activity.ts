/** What moves, told from the latent alone: which of its cells changed, and how lately. */

/** A walking person leaves no cell alone for longer. */
const LATELY_MS = 1000

export interface Grid {
  readonly width: number
  readonly height: number
}

/** What one frame shows of it. */
export interface Look {
  /** Share of the latent's cells that changed; undefined where there was no frame before. */
  readonly motion: number | undefined
  /** By place of the mask, 1: its cell changed lately. */
  readonly moves: Uint8Array
  readonly picture: Tally
  /** By class of the mask, share of its places that move; 0 of a class that is not there. */
  readonly moving: readonly number[]
}

export class Activity {
  /** By cell, when it changed last. */
  private readonly changedAt: Float64Array

  /** @param cells of the latent @param places of the mask @param classes of the mask, how many */
  constructor(
    private readonly cells: Grid,
    private readonly places: Grid,
    private readonly classes: number,
  ) {
    this.changedAt = new Float64Array(cells.width * cells.height).fill(Number.NEGATIVE_INFINITY)
  }

  look(bootMs: number, changed: Uint8Array | undefined, mask: Uint8Array): Look {
    const motion = this.see(bootMs, changed)
    const moves = this.lately(bootMs)
    const picture = tally(mask, moves, this.classes)
    const moving = [...picture.count].map((count, id) => (count ? picture.moving[id]! / count : 0))
    return { motion, moves, picture, moving }
  }

  private see(bootMs: number, changed: Uint8Array | undefined): number | undefined {
    if (!changed) return undefined
    let count = 0
    for (let cell = 0; cell < changed.length; cell++) {
      if (changed[cell] === 0) continue
      count++
      this.changedAt[cell] = bootMs
    }
    return count / changed.length
  }

  private lately(bootMs: number): Uint8Array {
    const { cells, places, changedAt } = this
    const moves = new Uint8Array(places.width * places.height)
    for (let y = 0; y < places.height; y++) {
      const row = Math.floor(((y + 0.5) * cells.height) / places.height) * cells.width
      for (let x = 0; x < places.width; x++) {
        const cell = row + Math.floor(((x + 0.5) * cells.width) / places.width)
        if (bootMs - changedAt[cell]! < LATELY_MS) moves[y * places.width + x] = 1
      }
    }
    return moves
  }
}

/** Of each class, how many places it has among these and how many of them move; `places` absent: all. */
export function tally(mask: Uint8Array, moves: Uint8Array, classes: number, places?: Uint32Array) {
  const count = new Uint32Array(classes)
  const moving = new Uint32Array(classes)
  const all = places?.length ?? mask.length
  for (let i = 0; i < all; i++) {
    const at = places ? places[i]! : i
    const id = mask[at]!
    if (id >= classes) continue
    count[id]!++
    if (moves[at]) moving[id]!++
  }
  return { all, count, moving }
}
export type Tally = ReturnType<typeof tally>

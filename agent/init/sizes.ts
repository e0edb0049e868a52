/** Sizes for the networks that have a camera's proportions. */

export interface Size {
  readonly width: number
  readonly height: number
}

/** What the networks were measured at; more pixels cost more, in proportion. */
export const USUAL: Size = { width: 448, height: 256 }
/** Of the picture; less shape is lost by more pixels, more or less than by others. */
const SHARES = [1, 0.5, 2]

/**
 * The usual size first, then a smaller and a larger one; each close to so many pixels, and of those the one that crops least.
 * @param multiple of which sides must be
 */
export function sizesFor({ width, height }: Size, multiple: number): Size[] {
  const sizes = SHARES.map((share) => nearest(width / height, USUAL.width * USUAL.height * share, multiple))
  return sizes.filter((size, i) => sizes.findIndex((other) => same(other, size)) === i)
}

const same = (a: Size, b: Size) => a.width === b.width && a.height === b.height

/** Sides up to what a configuration takes. */
const MOST = 4096

function nearest(aspect: number, pixels: number, multiple: number): Size {
  const most = Math.floor(MOST / multiple)
  const side = (n: number) => Math.min(most, Math.max(1, n)) * multiple
  let best: Size & { cost: number } = { ...USUAL, cost: Number.POSITIVE_INFINITY }
  for (let n = 1; n <= most; n++) {
    const height = n * multiple
    for (const width of [Math.floor, Math.ceil].map((round) => side(round((height * aspect) / multiple)))) {
      // A twentieth of the picture cropped weighs as much as a fifth of the pixels more or less.
      const cost = 4 * Math.abs(Math.log(width / height / aspect)) + Math.abs(Math.log((width * height) / pixels))
      if (cost < best.cost) best = { width, height, cost }
    }
  }
  return { width: best.width, height: best.height }
}

/**
 * Analysing a part of the picture: the networks see a piece of the latent, and of what they say what lies where something has changed takes the place of
 * what they said before.
 */
import type { FrameSize } from './networks.js'

/** A rectangle of the latent's cells, without those of `right` and `bottom`. */
export interface Region {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

export interface Part {
  /** What the networks see. */
  readonly seen: Region
  /** What is taken of their answer. */
  readonly taken: Region
}

/** Cells around what has changed of which the answer is taken anew. */
const TAKEN = 2
/**
 * Cells further around that the networks see with it: their answer for a cell hangs on what is around it, and a piece ends in nothing. With 6 of them
 * presence in shared/field-clips was no better, and more was analysed, by a twentieth.
 */
const AROUND = 3
/** Cells to a side of a place of the networks' coarsest stage, at stride 32 (models/networks/analyser.py): a piece has the same places as the whole. */
const GRAIN = 4
/** Of the picture: a larger piece saves less than its edges may err. */
const MOST = 0.7

/**
 * @param cells [h,w] 1 where something has changed
 * @returns undefined: nothing has, or too much
 */
export function partOf(cells: Uint8Array, { width, height }: FrameSize): Part | undefined {
  let [left, top, right, bottom] = [width, height, 0, 0]
  for (let y = 0, cell = 0; y < height; y++) {
    for (let x = 0; x < width; x++, cell++) {
      if (cells[cell] === 0) continue
      if (x < left) left = x
      if (x >= right) right = x + 1
      if (y < top) top = y
      bottom = y + 1
    }
  }
  if (bottom === 0) return undefined
  const wider = (by: number, grain: number): Region => ({
    left: Math.max(0, Math.floor((left - by) / grain) * grain),
    top: Math.max(0, Math.floor((top - by) / grain) * grain),
    right: Math.min(width, Math.ceil((right + by) / grain) * grain),
    bottom: Math.min(height, Math.ceil((bottom + by) / grain) * grain),
  })
  const seen = wider(TAKEN + AROUND, GRAIN)
  return area(seen) > MOST * width * height ? undefined : { seen, taken: wider(TAKEN, 1) }
}

export const area = ({ left, top, right, bottom }: Region): number => (right - left) * (bottom - top)

/** The region of planes [C,h,w]. */
export function pieceOf(planes: Uint8Array, { width, height }: FrameSize, { left, top, right, bottom }: Region) {
  const across = right - left
  const piece = new Uint8Array((planes.length / (width * height)) * across * (bottom - top))
  let at = 0
  for (let plane = 0; plane < planes.length; plane += width * height) {
    for (let y = top; y < bottom; y++, at += across)
      piece.set(planes.subarray(plane + y * width + left, plane + y * width + right), at)
  }
  return piece
}

/**
 * A copy of planes in which what is taken comes from a piece.
 *
 * @param whole [C,h*places,w*places]
 * @param piece [C,..,..] of what is seen
 * @param places to a side of a cell
 */
export function withPiece<Plane extends Uint8Array | Float32Array>(
  whole: Plane,
  { width, height }: FrameSize,
  piece: Plane,
  { seen, taken }: Part,
  places = 1,
): Plane {
  const made = whole.slice() as Plane
  const [across, down] = [width * places, height * places]
  const [acrossPiece, downPiece] = [(seen.right - seen.left) * places, (seen.bottom - seen.top) * places]
  const [from, to] = [(taken.left - seen.left) * places, (taken.right - seen.left) * places]
  for (let plane = 0; plane < whole.length / (across * down); plane++) {
    for (let y = taken.top * places; y < taken.bottom * places; y++) {
      const row = (plane * downPiece + y - seen.top * places) * acrossPiece
      made.set(piece.subarray(row + from, row + to), (plane * down + y) * across + taken.left * places)
    }
  }
  return made
}

/** The mask as pixels to lay over a picture: what comes and goes in colour, the scene only where it is asked for. */
import { decodeRuns } from '../../../contract/rle.js'
import { classColour } from '../../decode/palette.js'
import type { Seg } from '../source.js'

export type MaskMode = 'none' | 'things' | 'all'
export const maskModes: readonly MaskMode[] = ['things', 'all', 'none']

/** What stays where it is, in any of the bundles. */
const scene = new Set('other road pavement building vegetation tree sky pole sign fence void background'.split(' '))

const ALPHA = 120

/** RGBA of w × h. @throws {RangeError} runs that do not fill it */
export function maskPixels({ w, h, classes, mask }: Seg, mode: MaskMode): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(w * h * 4)
  if (mode === 'none') return pixels
  const ids = decodeRuns(mask.data, w * h)
  const colours = new Map(
    classes
      .filter(({ label }) => mode === 'all' || !scene.has(label))
      .map(({ id, label }) => [id, classColour(label, id)] as const),
  )
  for (let i = 0; i < ids.length; i++) {
    const colour = colours.get(ids[i])
    if (!colour) continue
    pixels.set(colour, i * 4)
    pixels[i * 4 + 3] = ALPHA
  }
  return pixels
}

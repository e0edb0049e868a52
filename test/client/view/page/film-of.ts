/** A film as it is when it is open: frames a second apart, from eight o'clock. */
import type { OpenFilm } from '../../../../client/view/page/reel.js'
import { boot } from '../../bundle.js'

export const filmOf = (id: number, count: number, first = 0): OpenFilm => ({
  ...{ ref: `street/${boot}/${first}`, id, results: new Map() },
  info: {
    ...{ camera: 'street', boot, width: 2, height: 1, faults: [] },
    frames: Array.from({ length: count }, (_, i) => ({ seq: first + i, at: Date.UTC(2026, 4, 1, 8, 0, first + i) })),
  },
})

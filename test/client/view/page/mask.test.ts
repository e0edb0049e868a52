import t from 'tap'
import { maskPixels } from '../../../../client/view/page/mask.js'

const seg = {
  w: 3,
  h: 1,
  classes: [
    { id: 0, label: 'road', frac: 0.3 },
    { id: 1, label: 'car', frac: 0.3 },
    { id: 2, label: 'forklift', frac: 0.3 },
  ],
  mask: { enc: 'rle' as const, data: [0, 1, 1, 1, 2, 1] },
}
const alphas = (mode: 'none' | 'things' | 'all') =>
  [...maskPixels(seg, mode)].filter((_, i) => i % 4 === 3).map(Boolean)

t.test('things, everything, or nothing', async (t) => {
  t.strictSame(alphas('things'), [false, true, true])
  t.strictSame(alphas('all'), [true, true, true])
  t.strictSame(alphas('none'), [false, false, false])
  t.strictSame([...maskPixels(seg, 'all')].slice(4, 7), [20, 60, 230])
  t.throws(() => maskPixels({ ...seg, w: 4 }, 'all'), RangeError)
})

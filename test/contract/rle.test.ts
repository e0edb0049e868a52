import t from 'tap'
import { decodeRuns, encodeRuns } from '../../contract/rle.js'

t.test('round trip', async (t) => {
  const masks = [
    [],
    [3],
    [0, 0, 0],
    [1, 2, 3],
    [7, 7, 0, 0, 0, 7],
    Array.from({ length: 1000 }, (_, i) => (i >> 5) % 11),
  ]
  for (const mask of masks.map((m) => Uint8Array.from(m))) t.same(decodeRuns(encodeRuns(mask), mask.length), mask)
})

t.test('class id, run length, from the top left', async (t) => {
  t.strictSame(encodeRuns(Uint8Array.of(3, 3, 0, 5)), [3, 2, 0, 1, 5, 1])
})

t.test('runs that do not fill the mask are refused', async (t) => {
  const bad = [
    [1, 3],
    [1, 5],
    [1, 2, 3],
    [1, 4, 2],
    [1, 0, 1, 4],
    [1, -1, 1, 5],
  ]
  for (const runs of bad) t.throws(() => decodeRuns(runs, 4), RangeError, JSON.stringify(runs))
})

t.test('two numbers do not ask for gigabytes', async (t) => {
  t.throws(() => decodeRuns([0, 60_000 * 60_000], 60_000 * 60_000), {
    name: 'RangeError',
    message: /more than 16777216/,
  })
})

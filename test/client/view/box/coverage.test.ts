import t from 'tap'
import { covered } from '../../../../client/view/box/coverage.js'

t.test('where frames are, with a question for each part that has some and one for each hole', async (t) => {
  const frames = [5, 12, 13, 14, 71, 99]
  let asked = 0
  const first = async (from: number, to: number) => {
    asked++
    return frames.find((at) => at >= from && at < to)
  }
  t.strictSame(await covered(first, 0, 100, 10), [1, 1, 0, 0, 0, 0, 0, 1, 0, 1])
  t.equal(asked, 4)
  t.strictSame(await covered(async () => undefined, 0, 100, 3), [0, 0, 0])
  t.strictSame(await covered(async (from) => from, 0, 100, 3), [1, 1, 1])
})

import t from 'tap'
import { Backoff } from '../../agent/backoff.js'

t.test('doubles up to its limit, with jitter, and starts anew', async (t) => {
  const most = new Backoff(500, 4000, () => 1)
  t.strictSame(
    Array.from({ length: 6 }, () => most.next()),
    [500, 1000, 2000, 4000, 4000, 4000],
  )
  most.reset()
  t.equal(most.next(), 500)
  const least = new Backoff(500, 4000, () => 0)
  t.strictSame([least.next(), least.next()], [250, 500])
})

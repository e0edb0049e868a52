import t from 'tap'
import { Backoff } from '../../contract/backoff.js'

t.test('doubles up to the limit, starts anew after a reset', (t) => {
  const backoff = new Backoff(100, 1000, () => 1)
  t.same(
    [1, 2, 3, 4, 5, 6].map(() => backoff.next()),
    [100, 200, 400, 800, 1000, 1000],
  )
  backoff.reset()
  t.equal(backoff.next(), 100)
  t.end()
})

t.test('jitter takes away up to half', (t) => {
  t.equal(new Backoff(100, 1000, () => 0).next(), 50)
  t.end()
})

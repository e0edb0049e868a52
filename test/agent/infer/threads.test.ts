/** How many threads run a network. */
import t from 'tap'
import { enoughMs, fewestThreads, halvings, keepUp, leastMs } from '../../../agent/infer/threads.js'

/** @param ms by number of threads */
const measured = (ms: Record<number, number>, enough: number) =>
  fewestThreads(
    (took) => took <= enough,
    async (threads) => ms[threads]!,
    Math.max(...Object.keys(ms).map(Number)),
  )

t.test('the fewest that are enough: more are not even tried', async (t) => {
  t.same(await measured({ 1: 12, 2: 7 }, 25), { count: 1, ms: 12, tried: '12.0 ms with 1' })
  t.same(await measured({ 1: 12, 2: 7 }, 10), { count: 2, ms: 7, tried: '12.0 ms with 1, 7.0 ms with 2' })
  t.equal((await measured({ 1: 12, 2: 7, 4: 5, 8: 4 }, 6)).count, 4)
})

t.test('none is enough: the fewest that are about as fast as the fastest', async (t) => {
  t.equal((await measured({ 1: 12, 2: 7 }, 0)).count, 2)
  t.equal((await measured({ 1: 12, 2: 7, 4: 6.8 }, 0)).count, 2)
  t.same(
    await measured({ 1: 6.7, 2: 5.1, 4: 5.9, 8: 7.3, 16: 11.7 }, 0),
    { count: 2, ms: 5.1, tried: '6.7 ms with 1, 5.1 ms with 2, 5.9 ms with 4' },
    'it ends where more threads are slower',
  )
  t.equal((await measured({ 1: 7, 2: 7 }, 0)).count, 1)
  t.equal((await measured({ 1: 7 }, 0)).count, 1)
})

t.test('what is enough: half the time between frames, and 50 ms at most', async (t) => {
  t.strictSame([20, 60, 1, 0.02, Number.POSITIVE_INFINITY].map(enoughMs), [25, 500 / 60, 50, 50, 0])
})

t.test('heads keep up on a share of the cores as long as all of them are busy', async (t) => {
  t.strictSame([keepUp(13, 1 / 2, 7), keepUp(15, 1 / 2, 7)], [true, false])
  t.strictSame([keepUp(7.5, 1 / 8, 7), keepUp(9, 1 / 8, 7)], [true, false])
  t.equal(keepUp(99, 1, 7), true, 'on all of them there is no more to have')
})

t.test('the numbers that are tried', async (t) => {
  t.strictSame([1, 2, 6, 12].map(halvings), [[1], [2, 1], [6, 3, 1], [12, 6, 3, 1]])
})

t.test('the least of some runs', async (t) => {
  let runs = 0
  const ms = await leastMs(async () => void runs++)
  t.ok(runs > 0 && runs <= 7)
  t.ok(ms >= 0 && ms < Number.POSITIVE_INFINITY)
  let slow = 0
  const until = () => new Promise((resolve) => setTimeout(resolve, 200))
  t.ok((await leastMs(() => until().then(() => slow++))) >= 199)
  t.equal(slow, 1, 'one of so long is enough')
})

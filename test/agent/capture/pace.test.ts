import t from 'tap'
import { Pace } from '../../../agent/capture/pace.js'

const taken = (fps: number, times: readonly number[]) => {
  const pace = new Pace(fps)
  return times.filter((ms) => pace.takes(ms))
}

t.test('at most so many, however they come', async (t) => {
  const thirty = Array.from({ length: 300 }, (_, i) => (i * 1000) / 30)
  t.ok(Math.abs(taken(10, thirty).length - 100) <= 1)
  t.equal(taken(30, thirty).length, 300, 'what has the rate passes whole')
  t.equal(
    taken(
      5,
      Array.from({ length: 20 }, (_, i) => i * 500),
    ).length,
    20,
    'what is slower too',
  )
  const uneven = thirty.map((ms, i) => ms + (i % 2 ? 15 : -15))
  t.ok(Math.abs(taken(10, uneven).length - 100) <= 1)
  t.strictSame(taken(1, [0, 1, 2, 10_000, 10_001]), [0, 10_000])
})

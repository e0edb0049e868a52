import t from 'tap'
import { Horizon } from '../../../agent/archive/horizon.js'

const day = 86_400_000
const hour = 3_600_000
const start = Date.UTC(2026, 10, 24)

function world(maxAgeMs = 30 * day, stored = { asOfMs: start, cutoffMs: start - 30 * day }) {
  const horizon = new Horizon(stored)
  const at = { timeMs: start, bootMs: 1000, known: true, sure: true }
  /** Every five seconds, as upkeep does. */
  const run = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 5000) {
      at.timeMs += 5000
      at.bootMs += 5000
      horizon.advance(at, maxAgeMs, start)
    }
  }
  const cutoff = () => horizon.cutoffMs - (start - 30 * day)
  horizon.advance(at, maxAgeMs, start)
  return { horizon, at, run, cutoff }
}

t.test('goes with the clock', async (t) => {
  const { horizon, run, cutoff } = world()
  run(hour)
  t.equal(cutoff(), hour)
  t.equal(horizon.lagMs, 0)
})

t.test('a step ahead for a while expires nothing, and back again it is as before', async (t) => {
  const { horizon, at, run, cutoff } = world()
  at.timeMs += 60 * day
  run(16_000)
  t.equal(cutoff(), 20_000)
  t.ok(horizon.lagMs > 59 * day)
  at.timeMs -= 60 * day
  run(5000)
  t.equal(cutoff(), 25_000)
  t.equal(horizon.lagMs, 0)
})

t.test('a monotonic clock that leaps as well is not believed either', async (t) => {
  const { at, cutoff, run } = world()
  at.timeMs += 60 * day
  at.bootMs += 60 * day
  run(5000)
  t.ok(cutoff() <= 120_000, `${cutoff()}`)
})

t.test('a month in the cupboard: from an hour later on, an hour a minute', async (t) => {
  const { at, run, cutoff } = world()
  at.timeMs += 30 * day
  run(hour)
  t.equal(cutoff(), hour)
  run(hour)
  t.ok(cutoff() > 50 * hour && cutoff() < 70 * hour, `${cutoff() / hour} h`)
  run(12 * hour)
  t.equal(cutoff(), 30 * day + 14 * hour)
})

t.test('a clock that nobody vouches for: age is the time that the box has run', async (t) => {
  const { at, run, cutoff } = world()
  at.sure = false
  at.timeMs += 30 * day
  run(10 * hour)
  t.equal(cutoff(), 10 * hour)
})

t.test('a clock that is not known: nothing expires', async (t) => {
  const { at, run, cutoff } = world()
  at.known = false
  run(10 * day)
  t.equal(cutoff(), 0)
  t.equal(new Horizon(undefined).cutoffMs, Number.NEGATIVE_INFINITY)
})

t.test('back by a day: nothing expires until it is where it was', async (t) => {
  const { at, run, cutoff } = world()
  at.timeMs -= day
  run(hour)
  t.equal(cutoff(), hour - day)
})

t.test('a limit that was lowered is caught up with gradually', async (t) => {
  const { run, cutoff, horizon } = world(7 * day)
  run(60_000)
  t.ok(cutoff() > 0 && cutoff() <= 62 * 60_000, `${cutoff()}`)
  t.ok(horizon.lagMs > 22 * day)
  run(12 * hour)
  t.equal(cutoff(), 23 * day + 12 * hour + 60_000)
  t.equal(horizon.lagMs, 0)
})

t.test('an archive that has no horizon yet begins with its newest frame', async (t) => {
  const horizon = new Horizon(undefined)
  horizon.advance({ timeMs: start + 60 * day, bootMs: 0, known: true, sure: true }, 30 * day, start)
  t.equal(horizon.cutoffMs, start - 30 * day)
  const empty = new Horizon(undefined)
  empty.advance({ timeMs: start, bootMs: 0, known: true, sure: true }, 30 * day, null)
  t.equal(empty.cutoffMs, start - 30 * day)
})

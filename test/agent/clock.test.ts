import t from 'tap'
import { Clock } from '../../agent/clock.js'

const start = Date.UTC(2026, 10, 24)

t.test('says when the wall clock is not to be trusted', async (t) => {
  let wall = Date.UTC(1970, 0, 1, 5)
  let mono = 0n
  const clock = new Clock(
    () => wall,
    () => mono,
  )
  t.match(clock.stamp(), { clk: 'unsynced', timeUs: wall * 1000 })
  wall = start
  mono += 1_000_000_000n
  t.equal(clock.stamp().clk, 'restamped', 'NTP has set it')
  wall += 1000
  mono += 1_000_000_000n
  t.match(clock.stamp(), { clk: 'ok', monoNs: mono })
  wall -= 3_600_000
  mono += 1_000_000_000n
  t.equal(clock.stamp().clk, 'restamped', 'it went back')
})

/** A box whose wall clock, monotonic clock, uptime and kernel say what a test wants. */
import t from 'tap'
import { Clock, type ClockSources, type Line, type Past } from '../../agent/clock.js'
import type { Sync } from '../../agent/clock-sync.js'

const right = Date.UTC(2026, 10, 24)
const installed = right - 100 * 86_400_000
const day = 86_400_000
const hour = 3_600_000

function box(
  wallMs: number,
  {
    kernel = 'unknown' as Sync,
    past = { newestMs: null, line: null } as Past,
    trust = 'auto' as 'auto' | 'always',
  } = {},
) {
  const at = { wallMs, monoMs: 50_000, uptimeMs: 50_000, kernel, asked: 0 }
  const sources: ClockSources = {
    wallMs: () => at.wallMs,
    monoNs: () => BigInt(Math.round(at.monoMs * 1e6)),
    uptimeMs: () => at.uptimeMs,
    sync: async () => {
      at.asked++
      return at.kernel
    },
    installedMs: installed,
  }
  const clock = new Clock(trust, sources)
  const lines: Line[] = []
  clock.begin(past)
  clock.onChange = (line) => lines.push(line)
  return {
    at,
    clock,
    lines,
    pass(ms: number) {
      at.wallMs += ms
      at.monoMs += ms
      at.uptimeMs += ms
    },
    step(ms: number) {
      at.wallMs += ms
    },
  }
}
const lineAt = (timeMs: number, more: Partial<Line> = {}): Line => ({
  offsetMs: timeMs - 50_000,
  known: true,
  final: false,
  ...more,
})

t.test('synchronised, or nobody can say: the wall clock is believed and followed', async (t) => {
  for (const kernel of ['yes', 'unknown'] as const) {
    const { clock, pass, step } = box(right, { kernel })
    t.equal(clock.now().known, false, 'not before the kernel was asked')
    await clock.watch()
    t.match(clock.stamp(), { clk: 'ok', timeUs: right * 1000 })
    t.match(clock.now(), { timeMs: right, known: true, sure: kernel === 'yes' })
    step(-300)
    pass(1000)
    t.match(clock.stamp(), { clk: 'ok', timeUs: (right + 900) * 1000, bootMs: 51_000 }, 'it never goes back')
    pass(2000)
    t.match(clock.stamp(), { clk: 'ok', timeUs: (right + 2700) * 1000 })
  }
})

t.test('the kernel says no: bytes only, until it says yes or somebody vouches for the clock', async (t) => {
  const { clock, at, pass, lines } = box(right, { kernel: 'no' })
  await clock.watch()
  t.match(clock.stamp(), { clk: 'unsynced', timeUs: right * 1000 })
  pass(2 * hour)
  t.equal(clock.now().known, false)
  t.match(clock.why, /kernel says/)
  at.kernel = 'yes'
  await clock.watch()
  t.match(clock.now(), { known: true, sure: true })
  t.match(lines.at(-1), { known: true, final: true })
  t.match(box(right, { kernel: 'no', trust: 'always' }).clock.now(), { known: true, sure: true })
})

t.test('a clock that starts in 1970 goes on from the installation, and what it stamped is stamped again', async (t) => {
  const { clock, at, pass, lines } = box(0)
  await clock.watch()
  const first = clock.stamp()
  t.match(first, { clk: 'unsynced', timeUs: installed * 1000 })
  pass(10_000)
  at.wallMs = right
  t.match(clock.stamp(), { clk: 'ok', timeUs: right * 1000 })
  t.match(clock.again(first), { clk: 'ok', timeUs: (right - 10_000) * 1000 })
  t.strictSame(
    lines.map(({ known }) => known),
    [true],
  )
})

t.test('behind what the archive holds: time goes on from there', async (t) => {
  const { clock, pass, step } = box(right - 5 * day, { past: { newestMs: right, line: null } })
  await clock.watch()
  t.match(clock.stamp(), { clk: 'unsynced', timeUs: right * 1000 })
  t.match(clock.why, /5\.0 days behind what the archive holds/)
  pass(1000)
  step(5 * day)
  t.match(clock.stamp(), { clk: 'ok', timeUs: (right + 1000) * 1000 })
})

t.test('an archive from the future does not keep the right clock out for ever', async (t) => {
  for (const kernel of ['yes', 'unknown'] as const) {
    const { clock, pass } = box(right, { kernel, past: { newestMs: right + 60 * day, line: null } })
    await clock.watch()
    t.equal(clock.now().known, false)
    pass(hour + 1)
    t.match(clock.now(), { known: true, timeMs: right + hour + 1 })
  }
  const { clock, pass } = box(right, { kernel: 'no', past: { newestMs: right + 60 * day, line: null } })
  await clock.watch()
  pass(hour + 1)
  t.equal(clock.now().known, false)
})

t.test('sixty days ahead for 16 seconds: time goes on as before', async (t) => {
  const { clock, pass, step, lines } = box(right)
  await clock.watch()
  pass(20_000)
  step(60 * day)
  t.match(clock.stamp(), { clk: 'unsynced', timeUs: (right + 20_000) * 1000 })
  t.match(clock.why, /stepped by 60\.0 days/)
  pass(16_000)
  step(-60 * day)
  t.match(clock.stamp(), { clk: 'ok', timeUs: (right + 36_000) * 1000 })
  t.strictSame(
    lines.map(({ known }) => known),
    [true, false, true],
  )
})

t.test('leaps to 2038 and 2106 are not followed', async (t) => {
  for (const year of [2038, 2106]) {
    const { clock, at } = box(right)
    await clock.watch()
    at.wallMs = Date.UTC(year, 0, 19)
    t.match(clock.stamp(), { clk: 'unsynced', timeUs: right * 1000 })
  }
})

t.test('a step that nobody vouches for must stand for an hour, in the first minute of a run too', async (t) => {
  for (const stood of [0, 1000, 2 * hour])
    for (const by of [-5 * day, -day, day, 29 * day]) {
      const { clock, pass, step, lines } = box(right)
      await clock.watch()
      pass(stood)
      const before = clock.stamp()
      t.match(before, { clk: 'ok', timeUs: (right + stood) * 1000 }, 'there is nothing it could be held against')
      step(by)
      pass(hour - 1)
      t.match(clock.stamp(), { clk: 'unsynced', timeUs: (right + stood + hour - 1) * 1000 })
      t.match(clock.why, /stepped by .*days/)
      pass(1 + hour)
      t.match(clock.stamp(), { clk: 'ok', timeUs: (right + by + stood + 2 * hour) * 1000 })
      t.match(lines.at(-1), { known: true, final: true })
    }
})

t.test('two steps, back to where it was: as before, at once', async (t) => {
  const { clock, pass, step } = box(right)
  await clock.watch()
  for (const by of [day, -3 * day, 2 * day]) {
    step(by)
    pass(1000)
    clock.now()
  }
  t.match(clock.stamp(), { clk: 'ok', timeUs: (right + 3000) * 1000 })
})

t.test('a step of a synchronised clock counts when the kernel has been asked again', async (t) => {
  const { clock, at, step } = box(right, { kernel: 'yes' })
  await clock.watch()
  step(60 * day)
  t.match(clock.stamp(), { clk: 'unsynced', timeUs: right * 1000 })
  at.kernel = 'no' // set by hand
  await clock.watch()
  t.match(clock.stamp(), { clk: 'unsynced', timeUs: right * 1000 })
  step(-60 * day)
  t.equal(clock.stamp().clk, 'ok', 'it agrees with what was known, whatever the kernel says')
  step(day)
  clock.now()
  at.kernel = 'yes'
  await clock.watch()
  t.match(clock.stamp(), { clk: 'ok', timeUs: (right + day) * 1000 })
  t.equal(at.asked, 3)
})

t.test('a kernel that loses its servers changes nothing while the clock runs on', async (t) => {
  const { clock, at, pass } = box(right, { kernel: 'yes' })
  await clock.watch()
  at.kernel = 'no'
  pass(20 * day)
  await clock.watch()
  t.match(clock.now(), { known: true })
})

t.test('suspended: the monotonic clock stood still, the time did not', async (t) => {
  const { clock, at, pass, lines } = box(right, { kernel: 'yes' })
  await clock.watch()
  pass(10_000)
  at.wallMs += 8 * hour
  at.uptimeMs += 8 * hour
  t.match(clock.stamp(), { clk: 'ok', timeUs: (right + 8 * hour + 10_000) * 1000, bootMs: 60_000 + 8 * hour })
  t.strictSame(
    lines.filter(({ known }) => !known),
    [],
  )
})

t.test("the uptime of a container is not the system's", async (t) => {
  const { clock, at, pass, step } = box(right)
  at.uptimeMs = 0
  await clock.watch()
  pass(5000)
  step(60 * day)
  t.match(clock.stamp(), { clk: 'unsynced', timeUs: (right + 5000) * 1000 })
})

t.test('an agent that is started again goes on with the time line of the one before', async (t) => {
  const known = box(right + 20_000, { kernel: 'no', past: { newestMs: null, line: lineAt(right, { final: true }) } })
  t.match(known.clock.stamp(), { clk: 'ok', timeUs: (right + 20_000) * 1000 }, 'NTP has drawn it there meanwhile')
  const wrong = box(right + 60 * day, { past: { newestMs: null, line: lineAt(right) } })
  await wrong.clock.watch()
  t.match(wrong.clock.stamp(), { clk: 'unsynced', timeUs: right * 1000 })
  const left = lineAt(right)
  const stepped = box(right - 5 * day, { past: { newestMs: null, line: { ...left, known: false }, left } })
  await stepped.clock.watch()
  t.match(stepped.clock.stamp(), { clk: 'unsynced', timeUs: right * 1000 }, 'a step is not believed for a restart')
  stepped.step(5 * day)
  t.match(stepped.clock.stamp(), { clk: 'ok', timeUs: right * 1000 })
  const unknown = box(right, { past: { newestMs: null, line: lineAt(installed, { known: false }) } })
  t.equal(unknown.clock.stamp().clk, 'unsynced')
  await unknown.clock.watch()
  t.match(unknown.clock.stamp(), { clk: 'ok', timeUs: right * 1000 })
})

t.test('the real one', async (t) => {
  const clock = new Clock()
  await clock.watch()
  t.ok(Math.abs(clock.now().timeMs - Date.now()) < 60_000)
  t.type(clock.why, 'string')
})

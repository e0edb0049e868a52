/** Frames taken before the time was known, moved when it is: through the archive, as the agent does it. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { Archive } from '../../../agent/archive/archive.js'
import { Part } from '../../../agent/outbox.js'
import { limits } from './frames.js'

const right = Date.UTC(2026, 10, 24)
const wrong = Date.UTC(2026, 0, 1)
const day = 86_400_000
const line = (offsetMs: number, known: boolean, final = false) => ({ offsetMs, known, final })

/** The boot clock goes on by a second a frame. */
function world(t: Test, dir = t.testdir(), system = 'one') {
  const archive = Archive.open(dir, undefined, system)
  t.teardown(() => archive.close())
  const boot = Math.random().toString(16).slice(2, 10).padEnd(16, '0')
  let bootMs = 0
  let seq = 0
  return {
    archive,
    dir,
    time: (offsetMs: number, known: boolean, final = false) =>
      archive.timedBy(line(offsetMs, known, final), offsetMs + bootMs),
    take(offsetMs: number, frames: number) {
      for (let i = 0; i < frames; i++, seq++) {
        bootMs += 1000
        const timeUs = (offsetMs + bootMs) * 1000
        const frame = { cam: 'street', boot, seq, keySeq: seq, timeUs, bits: new Uint8Array(20), sha256: 'ab' }
        archive.commit({ ...frame, model: 'lean-1', result: '{}', parts: Part.cls })
      }
    },
    /** As the publisher sees them. */
    seen: () =>
      archive.unpublished(0, Number.MAX_SAFE_INTEGER, 9999).map(({ timeUs, clk }) => ({ ms: timeUs / 1000, clk })),
    listed: () => archive.list({ cursor: 0, limit: 9999 }).map(({ timeUs }) => timeUs / 1000),
    finish() {
      let steps = 0
      while (archive.restamp()) steps++
      return steps
    },
    /** As they lie in the tables. */
    stored() {
      const db = new Database(join(dir, 'archive.sqlite'), { readonly: true })
      const of = (table: string) => db.prepare(`SELECT time_us / 1000 FROM ${table} ORDER BY 1`).pluck().all()
      const both = { frames: of('frames'), outbox: of('outbox') }
      db.close()
      return both
    },
  }
}
const times = (offsetMs: number, from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => offsetMs + (from + i + 1) * 1000)

t.test('what was taken before the time was known is moved, and seen moved at once', async (t) => {
  const { time, take, seen, listed, finish, stored, archive } = world(t)
  time(wrong, false)
  take(wrong, 1200)
  t.match(seen()[0], { clk: 'unsynced', ms: wrong + 1000 })
  t.match(archive.list({ cursor: 0, limit: 1 }), [{ clk: 'unsynced' }], 'in list and describe')
  time(right, true)
  take(right, 3)
  const all = times(right, 0, 1203)
  t.strictSame(
    seen().map(({ ms }) => ms),
    all,
  )
  t.strictSame(listed(), all)
  t.strictSame([...new Set(seen().map(({ clk }) => clk))], ['restamped', 'ok'])
  t.equal(stored().frames[0], wrong + 1000)
  t.equal(finish(), 3, 'in short steps')
  t.strictSame(stored(), { frames: all, outbox: all })
  t.strictSame(listed(), all)
  t.equal(archive.counters.restamped, 1200)
})

t.test('set right twice, the second time when half has been moved', async (t) => {
  const { time, take, seen, finish, stored, archive } = world(t)
  time(wrong, false)
  take(wrong, 700)
  time(right - day, true)
  take(right - day, 5)
  archive.restamp()
  time(right, true)
  take(right, 5)
  t.strictSame(
    seen().map(({ ms }) => ms),
    times(right, 0, 710),
  )
  finish()
  t.strictSame(stored().frames, times(right, 0, 710))
  t.strictSame([...new Set(seen().map(({ clk }) => clk))], ['restamped', 'ok'])
})

/** Half of the frames, which came before the time was known, have been moved. */
function halfMoved(t: Test, before: number) {
  const made = world(t)
  made.time(before, false)
  made.take(before, 900)
  made.time(right, true)
  made.archive.restamp()
  return made
}

t.test('nothing expires while frames are still being moved, and after that only what is old', async (t) => {
  const { archive, finish } = halfMoved(t, right - 40 * day)
  const now = (bootMs: number) => ({ timeMs: right + bootMs, bootMs, known: true, sure: true })
  const aged = { ...limits, maxAgeMs: 30 * day, outboxMaxAgeMs: 3 * day }
  archive.enforce(aged, now(900_000))
  t.match(archive.stats, { frames: 900, outboxRows: 900 })
  finish()
  archive.enforce(aged, now(901_000))
  t.match(archive.stats, { frames: 900, outboxRows: 900 })
  t.match(archive.counters, { evicted: 0, unpublishedDropped: 0 })
})

t.test('half moved: for want of room it is still the oldest that go, by their right time', async (t) => {
  for (const before of [right - 40 * day, right + 40 * day]) {
    const { archive, listed } = halfMoved(t, before)
    const { bytes } = archive.stats
    archive.enforce({ ...limits, maxBytes: (bytes * 8) / 9 }, { timeMs: right, bootMs: 0, known: true, sure: true })
    const { evicted } = archive.counters
    t.ok(evicted > 0 && evicted < 500)
    t.strictSame(listed(), times(right, evicted, 900))
    t.match(archive.takeEvictions(), [
      { why: 'bytes', frames: evicted, fromUs: (right + 1000) * 1000, toUs: (right + evicted * 1000) * 1000 },
    ])
  }
})

t.test('half moved: filters, history and the oldest go by the right time', async (t) => {
  for (const before of [right - 40 * day, right + 40 * day]) {
    const { archive } = halfMoved(t, before)
    const ids = (fromMs?: number, toMs?: number, cam?: string) =>
      archive
        .list({
          ...(cam && { cam }),
          ...(fromMs && { fromUs: fromMs * 1000 }),
          ...(toMs && { toUs: toMs * 1000 }),
          cursor: 300,
          limit: 400,
        })
        .map(({ timeUs }) => timeUs / 1000)
    t.strictSame(ids(right + 400_000, right + 600_000, 'street'), times(right, 399, 600))
    t.strictSame(ids(right + 400_000, right + 600_000), times(right, 399, 600))
    t.strictSame(ids(right + 850_000), times(right, 849, 900))
    t.strictSame(ids(undefined, right + 310_000, 'street'), times(right, 300, 310))
    t.strictSame(ids(before - 1000, before + 900_000), [], 'nothing is where it was')
    t.strictSame(ids(right, right + 900_000, 'yard'), [])
    t.equal(archive.lastUnpublishedBefore((right + 800_500) * 1000), 800)
    t.equal(archive.lastUnpublishedBefore((right + 500) * 1000), 0)
    t.match(archive.stats, { oldestUs: (right + 1000) * 1000, oldestUnpublishedUs: (right + 1000) * 1000 })
  }
})

t.test('what is final does not move again', async (t) => {
  const { time, take, listed, finish } = world(t)
  time(right, true, true)
  take(right, 3)
  time(right + day, true, true)
  take(right + day, 2)
  finish()
  t.strictSame(listed(), [...times(right, 0, 3), ...times(right + day, 3, 5)])
})

t.test('the time line that was left for a while, and came back', async (t) => {
  const { time, take, seen, finish } = world(t)
  time(right, true, true)
  take(right, 2)
  time(right, false)
  take(right, 2)
  time(right, true, true)
  take(right, 1)
  t.equal(finish(), 0)
  t.strictSame(
    seen().map(({ clk }) => clk),
    ['ok', 'ok', 'restamped', 'restamped', 'ok'],
  )
})

t.test('the agent is started again while it is not clear which of two lines is right', async (t) => {
  const first = world(t)
  first.time(right, true, true)
  first.take(right, 2)
  first.time(right, false)
  first.take(right, 1)
  t.match(first.archive.past(), { line: { known: false }, left: { offsetMs: right, known: true, final: true } })
  first.time(right, true, true)
  t.equal(first.archive.past().left, undefined)
})

t.test('the agent is started again before the time is known: the system still runs', async (t) => {
  const first = world(t)
  first.time(wrong, false)
  first.take(wrong, 3)
  first.archive.close()
  const second = world(t, first.dir)
  t.match(second.archive.past(), { newestMs: null, line: { offsetMs: wrong, known: false } })
  second.time(right, true)
  t.strictSame(
    second.seen(),
    times(right, 0, 3).map((ms) => ({ ms, clk: 'restamped' })),
  )
})

t.test('started twice without a frame in between: the time can still be told, and its frames moved', async (t) => {
  const first = world(t)
  first.time(right - 10 * day, true, true)
  first.take(right - 10 * day, 2)
  first.archive.close()
  for (let starts = 0; starts < 2; starts++) {
    const idle = world(t, first.dir, 'two')
    idle.time(wrong, false)
    idle.archive.close()
  }
  const last = world(t, first.dir, 'two')
  t.match(last.archive.past(), { line: { offsetMs: wrong, known: false } }, 'the line is still known')
  last.time(wrong, false)
  last.take(wrong, 2)
  last.time(right, true)
  last.finish()
  t.strictSame(last.listed(), [...times(right - 10 * day, 0, 2), ...times(right, 0, 2)])
})

t.test('the system was started again: its frames are as young as they can be, and marked', async (t) => {
  const first = world(t)
  first.time(right - 9 * day, true, true)
  first.take(right - 9 * day, 1)
  first.archive.close()
  const second = world(t, first.dir, 'two')
  t.match(second.archive.past(), { newestMs: right - 9 * day + 1000, line: null })
  second.time(wrong, false)
  second.take(wrong, 3)
  second.archive.close()
  const third = world(t, first.dir, 'three')
  third.time(right, true, true)
  third.take(right, 1)
  third.finish()
  t.strictSame(third.listed(), [right - 9 * day + 1000, right - 2000, right - 1000, right, right + 1000])
  t.strictSame(
    third.seen().map(({ clk }) => clk),
    ['ok', 'unsynced', 'unsynced', 'unsynced', 'ok'],
  )
})

t.test('frames from the future are taken back to the present once the time is known', async (t) => {
  const first = world(t)
  first.time(right + 60 * day, true, true)
  first.take(right + 60 * day, 2)
  first.archive.close()
  const second = world(t, first.dir, 'two')
  second.time(right, true, true)
  second.take(right, 1)
  second.finish()
  t.strictSame(second.listed(), [right - 1000, right, right + 1000])
})

t.test('an archive without stretches, and one that was rebuilt, keep their times', async (t) => {
  const first = world(t)
  first.take(right, 2)
  first.archive.close()
  const second = world(t, first.dir, 'two')
  t.match(second.archive.past(), { newestMs: right + 2000, line: null })
  second.time(right - day, false)
  second.take(right - day, 1)
  second.archive.close()
  const rebuild = world(t, first.dir, 'two')
  rebuild.take(wrong, 2)
  rebuild.archive.close()
  const third = world(t, first.dir, 'two')
  third.time(right + day, true)
  third.finish()
  t.strictSame(third.listed(), [right + 1000, right + 2000, right + day + 1000, wrong + 1000, wrong + 2000])
})

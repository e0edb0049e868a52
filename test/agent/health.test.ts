/** The health message, from a real archive; cameras and publisher are stand-ins that only count. */
import t, { type Test } from 'tap'
import { Archive, type ArchiveLimits } from '../../agent/archive/archive.js'
import { type Counts, Health, type HealthSources } from '../../agent/health.js'
import { type EventRecord, Part } from '../../agent/outbox.js'
import { Acknowledged } from '../../agent/publish/acknowledged.js'
import { Stages } from '../../agent/stages.js'
import { HealthMessage } from '../../contract/messages.js'
import { roomFor } from './archive/frames.js'

const day = 86_400_000
const now = Date.UTC(2026, 10, 24)
const unlimited: ArchiveLimits = {
  maxBytes: 1e15,
  maxAgeMs: 1e15,
  minFreeBytes: 0,
  outboxMaxBytes: 1e15,
  outboxMaxAgeMs: 1e15,
  onFull: 'thin',
  keepNewestMs: 0,
}

const boot = '0123456789abcdef'

function world(t: Test, limits: Partial<ArchiveLimits> = {}) {
  const archive = Archive.open(t.testdir())
  t.teardown(() => archive.close())
  const state = { state: 'online', reason: '', since: new Date(now).toISOString() }
  const camera = { config: { id: 'street' }, state, framesIn: 0, dropped: 0 }
  const bundle = { id: 'field-1', sha256: '0'.repeat(64) }
  const around = () => ({ state: 'online', broker: { connected: true, connects: 1 }, bundle, faults: [] })
  const acknowledged = new Acknowledged()
  const publisher = { counters: { published: 0, acked: 0, deadLetters: 0, backfilled: 0, unstored: 0 }, acknowledged }
  const requests = { counters: { served: 0, refused: 0 } }
  const lost = { inference: 0, commit: 0 }
  const counts = new Map<string, Counts>()
  const stages = new Stages()
  const at = { timeMs: now, monoMs: 0, known: true }
  const clock = { now: () => ({ ...at, bootMs: at.monoMs, sure: true }), why: 'the clock is synchronised' }
  const upkeep: HealthSources['upkeep'] = { lastEviction: undefined, evicted: {} }
  const sources = {
    boot,
    cameras: [camera],
    archive,
    publisher,
    requests,
    stages,
    counts,
    lost,
    clock,
    upkeep,
    around,
  }
  const health = new Health(
    { ...sources, limits: { ...unlimited, ...limits } } as unknown as HealthSources,
    () => at.monoMs,
  )
  const commit = (seq: number, ageMs: number, events: EventRecord[] = []) =>
    archive.commit({
      cam: 'street',
      boot,
      seq,
      keySeq: seq,
      timeUs: (now - ageMs) * 1000,
      bits: new Uint8Array(3000),
      sha256: 'ab'.repeat(32),
      model: 'lean-1',
      result: '{}',
      parts: Part.cls,
      events,
    })
  return { ...sources, camera, health, commit, at }
}

t.test('a box that has just started', async (t) => {
  const { health } = world(t)
  const report = health.report()
  t.match(report, {
    v: 1,
    ts: '2026-11-24T00:00:00.000Z',
    cams: [{ id: 'street', state: 'online', fps_in: 0, fps_encoded: 0 }],
    outbox: { frames: 0, bytes: 0, oldest_s: 0 },
    archive: { frames: 0, bytes: Number, evicted: 0, days_left: null },
    ms: {},
  })
  t.ok(report.rss_mb > 10)
  t.strictSame(HealthMessage.parse(report), report, 'as docs/schema/health.schema.json says, and nothing beside')
})

t.test('whoever asks, the rates are those of the last half minute', async (t) => {
  const { health, camera, counts } = world(t)
  camera.framesIn = 1000
  counts.set('street', { encoded: 500, held: 300, rested: 40, pressed: 20, leftOut: 400 })
  const [first] = health.report().cams
  t.ok(first!.fps_in > first!.fps_encoded && first!.fps_encoded > 0)
  t.ok(health.report().cams[0]!.fps_in > 0, 'asking changes nothing')
  t.match(first, {
    frames_in: 1000,
    frames_encoded: 500,
    frames_held: 300,
    frames_rested: 40,
    frames_pressed: 20,
    frames_left_out: 400,
  })
})

t.test('every loss, by its reason', async (t) => {
  const { health, camera, publisher, lost, commit, archive, clock } = world(t)
  camera.dropped = 3
  publisher.counters.deadLetters = 4
  Object.assign(lost, { inference: 5, commit: 6 })
  for (let seq = 0; seq < 10; seq++) commit(seq, 1000)
  archive.enforce({ ...unlimited, maxBytes: roomFor(8, archive) }, clock.now())
  const report = health.report()
  t.strictSame(HealthMessage.parse(report), report)
  const { drops, archive: kept, cams } = report
  t.strictSame(drops, { latest_wins: 3, inference: 5, commit: 6, dead_letter: 4, outbox: 2, outbox_thinned: 0 })
  t.match(kept, { frames: 8, bytes: archive.stats.bytes, evicted: 2 })
  t.equal(cams[0]!.dropped, 3)
})

t.test('how old the oldest unpublished frame is', async (t) => {
  const { health, commit, archive, at } = world(t)
  const id = commit(0, 7200_000)
  commit(1, 60_000)
  t.match(health.report().outbox, { frames: 2, oldest_s: 7200 })
  archive.settle([{ id, parts: 7 }])
  t.match(health.report().outbox, { frames: 1, oldest_s: 60 })
  at.timeMs -= day
  t.equal(health.report().outbox.oldest_s, 0, 'a clock that went back')
})

t.test('days until the archive evicts: by bytes at the rate of this run, by age if the time is known', async (t) => {
  const one = world(t)
  one.commit(0, 0)
  const { health, commit, at } = world(t, { maxBytes: 4 * one.archive.stats.bytes, maxAgeMs: 5 * day })
  commit(0, 2 * day)
  at.monoMs = 59_999
  t.equal(health.report().archive.days_left, null, 'in its first minute nobody can say')
  at.monoMs = 2 * day
  t.equal(
    health.report().archive.days_left,
    3,
    'as much as there is in two days, room for three times that; the first is too old before',
  )
  at.known = false
  t.equal(health.report().archive.days_left, 6)
  for (let seq = 1; seq < 100; seq++) commit(seq, day)
  t.equal(health.report().archive.days_left, 0)
})

t.test('frames that events touch have a limit of their own', async (t) => {
  const { health, commit, at } = world(t, { maxAgeMs: 5 * day, keepEventsMs: 20 * day })
  const bits = { first: 'street/0123456789abcdef/0', last: 'street/0123456789abcdef/0' }
  const event = { id: 'a', cam: 'street', class: 'person', zone: null, phase: 'end', bits } as unknown as EventRecord
  commit(0, 17 * day, [event])
  at.monoMs = day
  t.equal(health.report().archive.days_left, 3)
  commit(1, 4 * day)
  commit(2, day)
  t.equal(health.report().archive.days_left, 1, 'of what no event touches the oldest goes in a day')
})

t.test('how far the broker has what was published, of this run', async (t) => {
  const { health, publisher } = world(t)
  const newest = () => HealthMessage.parse(health.report()).cams[0]!.newest
  publisher.acknowledged.note({ cam: 'street', boot: 'f'.repeat(16), seq: 900 }, 'cls')
  t.equal(newest(), undefined)
  publisher.acknowledged.note({ cam: 'street', boot, seq: 3 }, 'cls')
  t.strictSame(newest(), { boot, cls: 3 })
})

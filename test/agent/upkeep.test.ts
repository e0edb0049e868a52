/** A real archive and a clock that a test sets. */
import t, { type Test } from 'tap'
import type { ArchiveLimits } from '../../agent/archive/archive.js'
import { Keeper } from '../../agent/archive/keeper.js'
import { Clock } from '../../agent/clock.js'
import { Part } from '../../agent/outbox.js'
import { Upkeep } from '../../agent/upkeep.js'

const right = Date.UTC(2026, 10, 24)
const limits: ArchiveLimits = {
  maxBytes: 1e12,
  maxAgeMs: 1e12,
  minFreeBytes: 0,
  keepNewestMs: 0,
  outboxMaxBytes: 1e12,
  outboxMaxAgeMs: 1e12,
  onFull: 'drop_oldest',
}

function world(t: Test, more: Partial<ArchiveLimits> = {}) {
  const at = { wallMs: right, monoMs: 1000, sayMs: 0 }
  const clock = new Clock('auto', {
    wallMs: () => at.wallMs,
    monoNs: () => BigInt(Math.round(at.monoMs * 1e6)),
    uptimeMs: () => at.monoMs,
    sync: async () => 'unknown',
    installedMs: right - 1e9,
  })
  const said: { fields: Record<string, unknown>; text: string }[] = []
  const say = (fields: object, text: string) => void said.push({ fields: fields as Record<string, unknown>, text })
  const troubles: string[] = []
  const changes: number[] = []
  const log = { debug: say, info: say, warn: say, error: say }
  const all = { ...limits, ...more }
  const archive = new Keeper(t.testdir(), all, log, { changed() {}, opened() {}, another() {} }, () => clock.now())
  archive.start()
  t.teardown(() => archive.stop())
  const upkeep = new Upkeep(
    archive,
    clock,
    all,
    log,
    { timeChanged: () => changes.push(at.wallMs), troubled: (trouble) => troubles.push(trouble) },
    () => at.sayMs,
  )
  let seq = 0
  const take = (frames: number, cam = 'street') => {
    for (let i = 0; i < frames; i++, seq++) {
      at.wallMs += 1000
      at.monoMs += 1000
      const { timeUs } = clock.stamp()
      const frame = {
        cam,
        boot: '0123456789abcdef',
        seq,
        keySeq: seq,
        timeUs,
        bits: new Uint8Array(3000),
        sha256: 'ab',
      }
      archive.commit({ ...frame, model: 'lean-1', result: '{}', parts: Part.cls })
    }
  }
  const texts = () => said.map(({ text }) => text)
  return { archive, at, clock, said, texts, troubles, changes, upkeep, take }
}

t.test('every eviction is said: the first at once, what follows summed up, and the rest at the end', async (t) => {
  const other = world(t)
  other.take(3)
  const { at, said, upkeep, take } = world(t, { maxBytes: other.archive.stats.bytes })
  await upkeep.begin()
  const evicted = () => said.filter(({ text }) => text === 'evicted').map(({ fields }) => fields)
  take(5)
  upkeep.run()
  t.match(evicted(), [{ why: 'bytes', frames: 2, unpublished: 2, from: '2026-11-24T00:00:01.000Z' }])
  t.match(upkeep.lastEviction, { why: 'bytes', frames: 2 })
  take(2)
  upkeep.run()
  take(2)
  upkeep.run()
  t.equal(evicted().length, 1)
  at.sayMs += 600_000
  upkeep.run()
  t.match(evicted()[1], { why: 'bytes', frames: 4 })
  take(1)
  upkeep.run()
  upkeep.end()
  t.match(evicted()[2], { frames: 1 })
  t.strictSame({ ...upkeep.evicted }, { bytes: 7 })
})

t.test('less free than should be: the newest hour stays, and it is said once', async (t) => {
  const { archive, at, upkeep, take, troubles, texts } = world(t, { minFreeBytes: 1e18, keepNewestMs: 3_600_000 })
  await upkeep.begin()
  take(10)
  at.wallMs += 3_585_000
  at.monoMs += 3_585_000
  take(10)
  upkeep.run()
  upkeep.run()
  t.equal(archive.stats.frames, 10 + 6, 'the last hour before the newest frame')
  t.match(troubles, [/less is free on the disk than archive\.minFreeMegabytes .*newest 60 minutes/])
  t.ok(texts().includes('the disk is too full for the limits'))
})

t.test('a clock that is set right: said, keyframes are wanted, frames are moved', async (t) => {
  const { archive, at, upkeep, take, changes, said, texts } = world(t)
  at.wallMs = 0
  await upkeep.begin()
  t.match(said.at(-1), { text: 'clock', fields: { known: false, reason: /behind the installation/ } })
  take(3)
  at.wallMs = right
  take(1)
  await new Promise(setImmediate)
  t.match(
    said.find(({ fields }) => fields.known),
    { text: 'clock' },
  )
  t.equal(changes.length, 1)
  t.ok(texts().includes('frames have been moved to their right time'))
  t.strictSame(
    archive.list({ cursor: 0, limit: 9 }).map(({ timeUs }) => timeUs / 1000 - right),
    [-2000, -1000, 0, 1000],
  )
})

t.test('a leap of the clock expires nothing, and that is said', async (t) => {
  const { archive, at, upkeep, take, texts } = world(t, { maxAgeMs: 86_400_000 })
  await upkeep.begin()
  take(3)
  upkeep.run()
  at.wallMs += 20 * 86_400_000
  take(1)
  upkeep.run()
  t.equal(archive.stats.frames, 4)
  t.equal(archive.counters.evicted, 0)
  t.notOk(texts().includes('evicted'))
})

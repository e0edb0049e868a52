/** What goes first, in a real archive, with segments of five frames and a frame a second. */
import t, { type Test } from 'tap'
import { Archive, type ArchiveLimits } from '../../../agent/archive/archive.js'
import type { EventRecord } from '../../../agent/outbox.js'
import { at, boot, frame, limits, nowMs, roomFor } from './frames.js'

const SIZE = 3000
const iso = (seq: number) => new Date(nowMs + seq * 1000).toISOString()
const told = (id: string, phase: EventRecord['phase'], first: number, last: number, cam = 'street') =>
  ({
    ...{ v: 1, dev: 'box', cam, boot, seq: last, clk: 'ok', id, phase, class: 'person', label: 'person', zone: null },
    ...{ ts: iso(last), since: iso(first), until: iso(last), peak: { p: 0.9, share: 0.1, ts: iso(first) } },
    bits: { first: `${cam}/${boot}/${first}`, last: `${cam}/${boot}/${last}` },
  }) as EventRecord

/** Frames from 0 on, with events told as they end. */
function filled(t: Test, frames: number, events: readonly EventRecord[] = [], cam = 'street', archive = open(t)) {
  for (let seq = 0; seq < frames; seq++)
    archive.commit(frame(seq, { cam, size: SIZE, events: events.filter((event) => event.seq === seq) }))
  return archive
}
function open(t: Test): Archive {
  const archive = Archive.open(t.testdir())
  t.teardown(() => archive.close())
  return archive
}
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)
const seqs = (archive: Archive) => archive.list({ cursor: 0, limit: 500 }).map(({ seq }) => seq)
const enforce = (archive: Archive, more: Partial<ArchiveLimits>, seconds: number, known = true, told = true) => {
  while (archive.enforce({ ...limits, ...more }, { ...at(nowMs + seconds * 1000), known }, told));
}

t.test('by age: segments that an event touches stay longer, then they go too', async (t) => {
  const archive = filled(t, 60, [told('a', 'end', 12, 17), told('b', 'end', 34, 34)])
  const ages = { maxAgeMs: 20_000, keepEventsMs: 55_000 }
  enforce(archive, ages, 70, false)
  t.equal(seqs(archive).length, 60, 'nothing by a clock that is not known')
  enforce(archive, ages, 60)
  t.strictSame(seqs(archive), [...range(10, 19), ...range(30, 34), ...range(40, 59)])
  t.equal(archive.wasSeen('street', boot, 5), true, 'what was between is evicted and not unknown')
  t.equal(archive.wasSeen('street', boot, 22), true)
  t.strictSame(
    archive.list({ event: 'a', cursor: 0, limit: 9 }).map(({ seq }) => seq),
    range(12, 17),
  )
  enforce(archive, ages, 68)
  t.strictSame(seqs(archive), [...range(15, 19), ...range(30, 34), ...range(50, 59)], 'a segment is as old as its key')
  enforce(archive, ages, 85)
  t.strictSame(seqs(archive), [...range(30, 34), ...range(55, 59)])
  t.strictSame(
    archive.listOfEvents({ cursor: '', limit: 9 }).map(({ event }) => event.id),
    ['b'],
  )
  t.match(archive.takeEvictions(), [{ why: 'age', frames: 50 }])
})

t.test('without a limit of their own they go with the others', async (t) => {
  const archive = filled(t, 60, [told('a', 'end', 12, 17)])
  enforce(archive, { maxAgeMs: 20_000 }, 60)
  t.strictSame(seqs(archive), range(40, 59))
  const full = filled(t, 60, [told('a', 'end', 12, 17)])
  enforce(full, { maxBytes: roomFor(30, full) }, 60)
  t.strictSame(seqs(full), range(30, 59), 'for want of room, too')
})

t.test('for want of room: what no event touches, then events, the oldest first', async (t) => {
  const archive = filled(t, 60, [told('a', 'end', 12, 17), told('b', 'end', 34, 34)])
  const kept = { keepEventsMs: 1e9 }
  enforce(archive, { ...kept, maxBytes: roomFor(30, archive) }, 60)
  t.strictSame(seqs(archive), [...range(10, 19), ...range(30, 34), ...range(45, 59)])
  enforce(archive, { ...kept, maxBytes: roomFor(16, archive) }, 60)
  t.strictSame(seqs(archive), [...range(15, 19), ...range(30, 34), ...range(55, 59)], 'and not the one that grows')
  enforce(archive, { ...kept, minFreeBytes: 1e18 }, 60)
  t.strictSame(seqs(archive), range(55, 59))
  t.match(archive.takeEvictions(), [
    { why: 'bytes', frames: 45 },
    { why: 'free_space', frames: 10 },
  ])
})

t.test('what came last goes last, of an event or not, and only over maxBytes', async (t) => {
  const newest = { keepNewestMs: 20_000, keepEventsMs: 1e9 }
  const archive = filled(t, 60, [told('a', 'end', 12, 17), told('b', 'end', 44, 44)])
  enforce(archive, { ...newest, minFreeBytes: 1e18 }, 60)
  t.strictSame(seqs(archive), range(40, 59))
  const other = filled(t, 60, [told('a', 'end', 12, 17), told('b', 'end', 44, 44)])
  enforce(other, { ...newest, maxBytes: roomFor(30, other) }, 60)
  t.strictSame(seqs(other), [...range(10, 19), ...range(40, 59)])
  enforce(other, { ...newest, maxBytes: roomFor(20, other) }, 60)
  t.strictSame(seqs(other), range(40, 59))
  t.equal(other.evictOldest({ ...limits, ...newest }, at(nowMs + 63_000)), 5, 'a full disk, by the time now')
  t.strictSame(seqs(other), range(45, 59))
})

t.test('an event that goes on protects its frames so far, and what comes until it has ended', async (t) => {
  const archive = filled(t, 30, [told('a', 'start', 12, 13)])
  const over = { maxAgeMs: 1000, keepEventsMs: 1e9 }
  enforce(archive, over, 40)
  t.strictSame(seqs(archive), range(10, 29))
  archive.commit(frame(30, { size: SIZE, events: [told('a', 'end', 12, 18)] }))
  enforce(archive, over, 40)
  t.strictSame(seqs(archive), [...range(10, 19), 30])
})

t.test('cameras are apart', async (t) => {
  const archive = filled(t, 20, [told('a', 'end', 3, 8)])
  filled(t, 20, [], 'yard', archive)
  enforce(archive, { maxAgeMs: 8000, keepEventsMs: 1e9 }, 20)
  t.strictSame(
    archive.list({ cam: 'yard', cursor: 0, limit: 99 }).map(({ seq }) => seq),
    range(15, 19),
  )
  t.strictSame(
    archive.list({ cam: 'street', cursor: 0, limit: 99 }).map(({ seq }) => seq),
    [...range(0, 9), ...range(15, 19)],
  )
})

t.test('while a damaged archive is taken over, whose events come in any order, all counts as of events', async (t) => {
  const archive = filled(t, 10)
  const old = (seq: number, events: EventRecord[] = []) => ({
    ...frame(seq, { boot: 'f'.repeat(16), timeUs: (nowMs + (seq - 1000) * 1000) * 1000, size: SIZE }),
    id: seq + 1000,
    pinned: 0,
    events,
  })
  const ages = { maxAgeMs: 100_000, keepEventsMs: 1e9 }
  enforce(archive, ages, 10)
  archive.adopt(range(0, 9).map((seq) => old(seq)))
  enforce(archive, ages, 10, true, false)
  t.equal(seqs(archive).length, 20)
  const event = { ...told('a', 'end', 2, 3), boot: 'f'.repeat(16) }
  const bits = { first: `street/${event.boot}/2`, last: `street/${event.boot}/3` }
  archive.adopt([old(10, [{ ...event, bits }])])
  enforce(archive, ages, 10)
  t.strictSame(seqs(archive), [...range(0, 9), ...range(0, 4)])
})

t.test('what is not pinned any more, and frames with a new time, are found again', async (t) => {
  const archive = open(t)
  archive.timedBy({ offsetMs: 0, known: false, final: false }, nowMs)
  filled(t, 30, [told('a', 'end', 2, 8)], 'street', archive)
  archive.pin(archive.find('street', boot, 11)!.id, true)
  const over = { keepEventsMs: 1e9, keepNewestMs: 1 }
  enforce(archive, { ...over, maxBytes: roomFor(20, archive) }, 30)
  t.strictSame(seqs(archive), [...range(0, 14), ...range(25, 29)])
  archive.pin(archive.find('street', boot, 11)!.id, false)
  enforce(archive, { ...over, maxBytes: roomFor(15, archive) }, 30)
  t.strictSame(seqs(archive), [...range(0, 9), ...range(25, 29)])
  archive.timedBy({ offsetMs: -3_600_000, known: true, final: true }, nowMs)
  while (archive.restamp());
  archive.commit(frame(30, { size: SIZE, keySeq: 30 }))
  enforce(archive, { ...over, maxBytes: roomFor(11, archive) }, 31)
  t.strictSame(seqs(archive), [...range(0, 9), 30])
})

t.test('events whose frames have gone are forgotten, although older frames are pinned', async (t) => {
  const events = [told('pinned', 'end', 1, 3), told('gone', 'end', 12, 17), told('kept', 'end', 52, 54)]
  const archive = open(t)
  for (let seq = 0; seq < 60; seq++) {
    archive.commit(frame(seq, { size: SIZE, events: events.filter((event) => event.seq === seq) }))
    if (seq === 4) archive.pin(archive.find('street', boot, 4)!.id, true)
  }
  enforce(archive, { maxAgeMs: 20_000, keepEventsMs: 30_000 }, 60)
  t.strictSame(seqs(archive), [...range(0, 4), ...range(40, 59)])
  const ids = () => archive.listOfEvents({ cursor: '', limit: 9 }).map(({ event }) => event.id)
  t.strictSame(ids(), ['pinned', 'kept'])
  archive.pin(archive.find('street', boot, 4)!.id, false)
  enforce(archive, { maxAgeMs: 20_000, keepEventsMs: 30_000 }, 60)
  t.strictSame(ids(), ['kept'])
})

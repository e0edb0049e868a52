/** Events in a real database, with frames as the pipeline commits them. */
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { Archive } from '../../../agent/archive/archive.js'
import type { EventRecord } from '../../../agent/outbox.js'
import { at, boot, frame, limits, nowMs } from './frames.js'

const iso = (seq: number) => new Date(nowMs + seq * 1000).toISOString()
const told = (id: string, phase: EventRecord['phase'], seq: number, first = seq, more: Partial<EventRecord> = {}) =>
  ({
    v: 1,
    dev: 'box',
    cam: 'street',
    boot,
    seq,
    ts: iso(seq),
    clk: 'ok',
    id,
    phase,
    class: 'person',
    label: 'person',
    zone: null,
    since: iso(first),
    until: iso(seq),
    peak: { p: 0.9, share: 0.1, ts: iso(seq) },
    bits: { first: `street/${boot}/${first}`, last: `street/${boot}/${seq}` },
    ...more,
  }) satisfies EventRecord

function open(t: Test, dir: string) {
  const archive = Archive.open(dir)
  t.teardown(() => archive.close())
  return archive
}
const rows = (dir: string) => {
  const db = new Database(`${dir}/archive.sqlite`, { readonly: true })
  const all = db.prepare('SELECT id, open, first_id AS first, last_id AS last FROM events ORDER BY id').all()
  db.close()
  return all
}

t.test('what has a start and no end, as it is told to have ended', async (t) => {
  const dir = t.testdir()
  const archive = Archive.open(dir)
  archive.commit(frame(0))
  archive.commit(frame(1, { events: [told('a', 'start', 1, 0), told('b', 'start', 1)] }))
  archive.commit(frame(2, { events: [told('a', 'update', 2, 0), told('b', 'end', 2, 1)] }))
  archive.commit(frame(3))
  archive.close()
  t.strictSame(rows(dir), [
    { id: 'a', open: 1, first: 1, last: 3 },
    { id: 'b', open: 0, first: 2, last: 3 },
  ])
  const again = open(t, dir)
  const last = `street/${boot}/3`
  t.match(again.endedEvents(), [
    { id: 'a', phase: 'end', reason: 'restart', seq: 3, ts: iso(3), since: iso(0), until: iso(3), bits: { last } },
  ])
  again.commit(frame(0, { boot: 'f'.repeat(16), events: again.endedEvents() }))
  t.strictSame(again.endedEvents(), [], 'and told once')
})

t.test('frames of a damaged database come in any order, and their ends with them', async (t) => {
  const dir = t.testdir()
  const archive = open(t, dir)
  const old = (seq: number, events: EventRecord[]) => ({ ...frame(seq), id: seq + 1, pinned: 0, events })
  archive.adopt([old(5, [told('a', 'end', 5, 2)])])
  archive.adopt([old(2, [told('a', 'start', 2), told('b', 'start', 2)])])
  t.strictSame(archive.endedEvents(), [], 'an end may come yet')
  archive.adopt([old(3, [told('a', 'update', 3, 2)])])
  t.match(rows(dir), [
    { id: 'a', open: 0, first: 3, last: 6 },
    { id: 'b', open: 2 },
  ])
  archive.believeEvents()
  t.match(archive.endedEvents(), [{ id: 'b', phase: 'end' }])
})

t.test('they go with their frames, unless they go on', async (t) => {
  const dir = t.testdir()
  const archive = open(t, dir)
  archive.commit(frame(0, { events: [told('a', 'start', 0), told('b', 'start', 0)] }))
  archive.commit(frame(1, { events: [told('a', 'end', 1, 0)] }))
  for (let seq = 2; seq < 20; seq++) archive.commit(frame(seq))
  archive.enforce({ ...limits, maxBytes: 30_000 }, at(nowMs))
  t.match(rows(dir), [{ id: 'b', open: 1 }])
})

t.test('a time that became known moves what is told of a restart', async (t) => {
  const archive = open(t, t.testdir())
  archive.timedBy({ offsetMs: 0, known: false, final: false }, nowMs)
  archive.commit(frame(0, { events: [told('a', 'start', 0)] }))
  archive.timedBy({ offsetMs: 3_600_000, known: true, final: true }, nowMs)
  archive.commit(frame(1))
  t.match(archive.endedEvents(), [{ since: iso(3600), until: iso(1), bits: { last: `street/${boot}/1` } }])
})

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

t.test('frames by what was there, whatever lies between', async (t) => {
  const archive = open(t, t.testdir())
  const yard = (seq: number) => frame(seq, { cam: 'yard' })
  const zone = { zone: 'gate' }
  const over = (id: string, first: number, last: number, more: Partial<EventRecord> = {}) =>
    told(id, 'end', last, first, more)
  for (let seq = 0; seq < 1000; seq++) {
    const events = seq === 20 ? [over('a', 10, 20), over('b', 15, 19, { class: 'car', ...zone })] : []
    archive.commit(frame(seq, { size: 50, events: seq === 990 ? [told('c', 'start', 990, 988)] : events }))
    archive.commit(yard(seq))
  }
  const seqs = (query: object, cursor = 0, limit = 500) =>
    archive.list({ ...query, cursor, limit }).map(({ cam, seq }) => `${cam} ${seq}`)
  const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `street ${from + i}`)
  t.strictSame(seqs({ event: 'a' }), range(10, 20))
  t.strictSame(
    seqs({ class: 'person' }),
    [...range(10, 20), ...range(988, 999)],
    'one that goes on has all frames since',
  )
  t.strictSame(seqs({ zone: 'gate' }), range(15, 19))
  t.strictSame(seqs({ class: 'person', cam: 'yard' }), [])
  t.strictSame(seqs({ class: 'person', fromUs: frame(18).timeUs, toUs: frame(989).timeUs }), [
    ...range(18, 20),
    ...range(988, 989),
  ])
  const [first, second] = [archive.list({ class: 'person', cursor: 0, limit: 11 }), range(988, 990)]
  t.strictSame(seqs({ class: 'person' }, first.at(-1)!.id, 3), second, 'by pages')
  const events = (query: object, cursor = '', limit = 9) => archive.listOfEvents({ ...query, cursor, limit })
  t.strictSame(
    events({}).map(({ event }) => event.id),
    ['a', 'b', 'c'],
  )
  t.strictSame(
    events({}, events({}, '', 1)[0]!.cursor).map(({ event }) => event.id),
    ['b', 'c'],
  )
  t.strictSame(
    events({ class: 'person', fromUs: frame(500).timeUs }).map(({ event }) => event.id),
    ['c'],
  )
  t.strictSame(
    events({ toUs: frame(12).timeUs }).map(({ event }) => event.id),
    ['a'],
  )
})

t.test('many events, and pages over them', async (t) => {
  const archive = open(t, t.testdir())
  for (let seq = 0; seq < 1200; seq++)
    archive.commit(frame(seq, { size: 20, events: seq % 2 ? [told(`e${seq}`, 'end', seq)] : [] }))
  const seqs: number[] = []
  for (let cursor = 0; ; ) {
    const page = archive.list({ class: 'person', cursor, limit: 70 })
    seqs.push(...page.map(({ seq }) => seq))
    if (page.length < 70) break
    cursor = page.at(-1)!.id
  }
  t.strictSame(
    seqs,
    Array.from({ length: 600 }, (_, i) => i * 2 + 1),
  )
})

t.test('a time that became known moves what is told of a restart', async (t) => {
  const archive = open(t, t.testdir())
  archive.timedBy({ offsetMs: 0, known: false, final: false }, nowMs)
  archive.commit(frame(0, { events: [told('a', 'start', 0)] }))
  archive.timedBy({ offsetMs: 3_600_000, known: true, final: true }, nowMs)
  archive.commit(frame(1))
  t.match(archive.endedEvents(), [{ since: iso(3600), until: iso(1), bits: { last: `street/${boot}/1` } }])
})

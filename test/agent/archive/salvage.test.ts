/** Real databases, damaged in every kind of place, and what comes over. */
import {
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { Archive } from '../../../agent/archive/archive.js'
import { readNote, Salvage } from '../../../agent/archive/salvage.js'
import { silentLog } from '../../../agent/log.js'
import { eventParts, Part } from '../../../agent/outbox.js'
import { at, boot, frame, limits, nowMs } from './frames.js'

const FRAMES = 600
const PAGE = 4096

/** Half of the frames are published, one is pinned, and some have bitstreams longer than a page. */
function old(t: Test): { dir: string; file: string } {
  const dir = t.testdir({ old: {} })
  const archive = Archive.open(join(dir, 'old'))
  for (let seq = 0; seq < FRAMES; seq++) archive.commit(frame(seq, { size: seq % 50 === 0 ? 9000 : 600 }))
  const half = archive.unpublished(0, Number.MAX_SAFE_INTEGER, FRAMES / 2)
  archive.settle(half.map(({ id, parts }) => ({ id, parts })))
  archive.pin(1, true)
  archive.close()
  return { dir, file: join(dir, 'old', 'archive.sqlite') }
}

function takeOver(t: Test, dir: string, file: string, more: Partial<typeof limits> = {}) {
  const archive = Archive.open(join(dir, 'new'))
  t.teardown(() => archive.close())
  const salvage = new Salvage(file, () => archive, { ...limits, ...more }, silentLog, { pending() {}, done() {} })
  salvage.start()
  while (salvage.step(1000));
  salvage.finish()
  const rows = archive.list({ cursor: 0, limit: 1000 })
  return { archive, rows, note: readNote(file), waiting: archive.unpublished(0, Number.MAX_SAFE_INTEGER, 1000) }
}

t.test('events come with the frames that carried them, told or not', async (t) => {
  const dir = t.testdir({ old: {} })
  const archive = Archive.open(join(dir, 'old'))
  const ts = new Date(nowMs).toISOString()
  const event = (id: string, phase: string, seq: number) => {
    const ref = `street/${boot}/${seq}`
    const seen = { since: ts, until: ts, peak: { p: 1, share: 0.1, ts }, bits: { first: ref, last: ref } }
    return {
      ...{ v: 1, dev: 'gate-1', cam: 'street', boot, seq, ts, clk: 'ok', id, phase },
      ...{ class: 'person', label: 'person', zone: null },
      ...seen,
    }
  }
  const committed = (seq: number, ...events: ReturnType<typeof event>[]) => {
    const result = JSON.stringify({ common: { cam: 'street', boot, seq }, cls: [], events })
    archive.commit(frame(seq, { result, parts: Part.cls | eventParts(events.length), events: events as never }))
  }
  committed(0, event('a', 'start', 0), event('b', 'start', 0))
  committed(1, event('a', 'end', 1))
  archive.settle([{ id: 1, parts: Part.cls | eventParts(1) }])
  archive.close()
  const { archive: made, waiting } = takeOver(t, dir, join(dir, 'old', 'archive.sqlite'))
  t.match(waiting, [
    { seq: 0, parts: 16 },
    { seq: 1, parts: Part.cls | 8 },
  ])
  const listed = made.listOfEvents({ cursor: '', limit: 9 }).map(({ event: { id, phase } }) => `${id} ${phase}`)
  t.strictSame(listed.sort(), ['a end', 'b start'])
  made.believeEvents()
  t.match(made.endedEvents(), [{ id: 'b', reason: 'restart' }])
})

/** Pages of a table or index: its root, what is between, its leaves. */
function pagesOf(file: string, name: string) {
  const db = new Database(file, { readonly: true })
  const rows = db.prepare('SELECT pageno, pagetype FROM dbstat WHERE name = ? ORDER BY pageno').all(name) as {
    pageno: number
    pagetype: string
  }[]
  db.close()
  return (type: string) => rows.filter(({ pagetype }) => pagetype === type).map(({ pageno }) => pageno)
}

function damage(file: string, page: number): void {
  const bytes = readFileSync(file)
  bytes.fill(0xa5, (page - 1) * PAGE, page * PAGE)
  writeFileSync(file, bytes)
}

t.test('a sound one comes over whole: results, pins, names, ids, and what was not published', async (t) => {
  const { dir, file } = old(t)
  const { rows, waiting, note, archive } = takeOver(t, dir, file)
  t.equal(rows.length, FRAMES)
  t.match(note, { done: true, taken: FRAMES, unreadable: 0 })
  t.strictSame(
    waiting.map(({ id }) => id),
    Array.from({ length: FRAMES / 2 }, (_, i) => FRAMES / 2 + 1 + i),
  )
  t.strictSame(
    rows.filter(({ pinned }) => pinned).map(({ seq }) => seq),
    [0, 1, 2, 3, 4],
  )
  const [first] = waiting
  const wanted = frame(FRAMES / 2, { size: 9000 })
  t.match(first, { result: wanted.result, parts: wanted.parts, timeUs: wanted.timeUs, keySeq: wanted.keySeq })
  t.ok(Buffer.from(first!.bits).equals(Buffer.from(wanted.bits)))
  t.match(archive.stats, { frames: FRAMES, outboxRows: FRAMES / 2 })
})

/** Frames that may be lost, at most: those whose bytes stood on the page. */
const places: [string, (file: string) => number | undefined, number][] = [
  ['the header', () => 1, 0],
  ['an interior page of the frames', (file) => pagesOf(file, 'frames')('internal')[0], 0],
  ['a leaf of the frames', (file) => pagesOf(file, 'frames')('leaf')[3], 8],
  ['a page that a long bitstream goes on in', (file) => pagesOf(file, 'frames')('overflow')[2], 1],
  ['the index of the names', (file) => pagesOf(file, 'sqlite_autoindex_frames_1')('leaf')[1], 0],
  ['the index of the times', (file) => pagesOf(file, 'frames_time')('leaf')[1], 0],
  ['a page of the outbox', (file) => pagesOf(file, 'outbox')('leaf')[0], 0],
  ['the root of the outbox', (file) => pagesOf(file, 'outbox')('internal')[0] ?? pagesOf(file, 'outbox')('leaf')[0], 0],
]
for (const [place, find, most] of places)
  t.test(`damaged: ${place}`, async (t) => {
    const { dir, file } = old(t)
    const page = find(file)
    t.ok(page, 'there is one')
    damage(file, page!)
    const { rows, note, waiting } = takeOver(t, dir, file)
    const lost = FRAMES - rows.length
    t.ok(lost <= most, `${lost} lost`)
    t.equal(note.unreadable, lost, 'and counted')
    const unpublished = rows.filter(({ seq }) => seq >= FRAMES / 2).map(({ id }) => id)
    const ids = new Set(waiting.map(({ id }) => id))
    t.ok(
      unpublished.every((id) => ids.has(id)),
      'what was not published will be',
    )
    if (!place.includes('outbox')) t.equal(ids.size, unpublished.length)
  })

t.test('cut off in the middle: what is before the cut', async (t) => {
  const { dir, file } = old(t)
  truncateSync(file, 40 * PAGE + 100)
  const { rows, note } = takeOver(t, dir, file)
  t.ok(rows.length > 50 && rows.length < FRAMES, `${rows.length}`)
  t.equal(note.taken, rows.length)
})

t.test('what stands only in the journal, up to the damage in it', async (t) => {
  const dir = t.testdir({ old: {}, whole: {}, half: {} })
  const archive = Archive.open(join(dir, 'old'))
  for (let seq = 0; seq < 40; seq++) archive.commit(frame(seq))
  for (const name of ['whole', 'half'])
    for (const piece of ['', '-wal'])
      copyFileSync(join(dir, 'old', `archive.sqlite${piece}`), join(dir, `${name}.sqlite${piece}`))
  archive.close()
  const file = join(dir, 'half.sqlite')
  const bytes = readFileSync(`${file}-wal`)
  bytes.fill(0xa5, bytes.length >> 1)
  writeFileSync(`${file}-wal`, bytes)
  t.equal(takeOver(t, join(dir, 'whole'), join(dir, 'whole.sqlite')).rows.length, 40)
  const half = takeOver(t, join(dir, 'half'), file).rows.length
  t.ok(half > 5 && half < 40, `${half}`)
})

t.test('nothing of ours, and nothing at all', async (t) => {
  const dir = t.testdir({ 'text.sqlite': 'a text '.repeat(5000), 'empty.sqlite': '', 'dir.sqlite': {} })
  const other = new Database(join(dir, 'other.sqlite'))
  other.exec('CREATE TABLE recipes (name TEXT); INSERT INTO recipes VALUES (hex(randomblob(9000)))')
  other.close()
  const archive = Archive.open(join(dir, 'new'))
  t.teardown(() => archive.close())
  for (const name of ['text', 'empty', 'dir', 'other']) {
    const file = join(dir, `${name}.sqlite`)
    const salvage = new Salvage(file, () => archive, limits, silentLog, { pending() {}, done() {} })
    salvage.start()
    while (salvage.step(1000));
    if (!readNote(file).done) salvage.finish()
    t.match(readNote(file), { done: true, taken: 0, unreadable: 0 }, name)
  }
})

t.test('what cannot be opened for a moment is not done with', async (t) => {
  const { dir, file } = old(t)
  const archive = Archive.open(join(dir, 'new'))
  t.teardown(() => archive.close())
  let done = 0
  const told = { pending() {}, done: () => void done++ }
  for (const [target, reason] of [
    ['/proc/self/mem', /cannot be opened \(EIO/], // a file whose beginning cannot be read
    [file, /cannot be opened \(ELOOP/],
  ] as const) {
    renameSync(file, `${file}.away`)
    symlinkSync(target, file)
    const salvage = new Salvage(file, () => archive, limits, silentLog, told)
    salvage.start()
    t.match(salvage.progress, { waiting: reason, part: 0 })
    t.equal(readNote(file).done, false)
    t.equal(done, 0)
    rmSync(file)
    renameSync(`${file}.away`, file)
    salvage.start() // as it does after a while
    t.equal(salvage.progress.waiting, undefined)
    salvage.stop()
  }
  t.equal(takeOver(t, join(dir, 'again'), file).rows.length, FRAMES)
  const gone = new Salvage(`${file}.removed`, () => archive, limits, silentLog, told)
  gone.start()
  t.equal(done, 1, 'somebody took it away: the next one')
})

t.test('stopped and started again, with or without its note: every frame once', async (t) => {
  const { dir, file } = old(t)
  const archive = Archive.open(join(dir, 'new'))
  t.teardown(() => archive.close())
  const make = () => new Salvage(file, () => archive, limits, silentLog, { pending() {}, done() {} })
  const first = make()
  first.start()
  while (archive.stats.frames < 100 && first.step(0.01));
  first.stop()
  t.match(readNote(file), { done: false, taken: archive.stats.frames })
  const second = make()
  second.start()
  while (second.step(1000));
  second.finish()
  t.match(readNote(file), { done: true, taken: FRAMES, unreadable: 0 })
  writeFileSync(`${file}.taken-over.json`, 'no JSON')
  const { rows } = { rows: archive.list({ cursor: 0, limit: 1000 }) }
  t.equal(rows.length, FRAMES)
  const third = make()
  third.start()
  while (third.step(1000));
  third.finish()
  t.match(readNote(file), { taken: 0, passed: FRAMES, unreadable: 0 })
  t.match(archive.stats, { frames: FRAMES, outboxRows: FRAMES / 2 })
})

t.test('no room for a second copy: it waits and says so', async (t) => {
  const { dir, file } = old(t)
  const archive = Archive.open(join(dir, 'new'))
  t.teardown(() => archive.close())
  const tight = { ...limits, minFreeBytes: 1e18 }
  const salvage = new Salvage(file, () => archive, tight, silentLog, { pending() {}, done() {} })
  salvage.start()
  t.ok(salvage.step(1000))
  t.match(salvage.progress, { waiting: /no room/, taken: 0 })
  salvage.stop()
  t.ok(existsSync(file))
})

t.test('a full archive takes nothing older than it has, but for what is pinned or not published', async (t) => {
  const { dir, file } = old(t)
  const archive = Archive.open(join(dir, 'new'))
  archive.commit(frame(9999, { timeUs: (nowMs + 1e9) * 1000, boot: 'f'.repeat(16) }))
  archive.close()
  const { rows } = takeOver(t, dir, file, { maxBytes: 1000 })
  t.equal(rows.length, 1 + FRAMES / 2 + 5)
})

t.test('what was evicted does not come back', async (t) => {
  const dir = t.testdir({ old: {} })
  const archive = Archive.open(join(dir, 'old'))
  for (let seq = 0; seq < 300; seq++) archive.commit(frame(seq, { parts: 0 }))
  while (archive.enforce({ ...limits, maxBytes: 300_000 }, at(nowMs)));
  const left = archive.stats.frames
  archive.close()
  t.ok(left < 100)
  const { rows, note } = takeOver(t, dir, join(dir, 'old', 'archive.sqlite'))
  t.equal(rows.length, left)
  t.equal(note.unreadable, 0)
})

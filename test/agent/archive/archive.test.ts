/** Real SQLite in a folder of its own. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { Archive, type ArchiveLimits } from '../../../agent/archive/archive.js'
import { type NewFrame, Part } from '../../../agent/outbox.js'
import { roomFor } from './frames.js'

const boot = '0123456789abcdef'
const bytes = 3000
const nowMs = Date.UTC(2026, 10, 24)

const frame = (seq: number, more: Partial<NewFrame> = {}): NewFrame => ({
  cam: 'street',
  boot,
  seq,
  timeUs: (nowMs + seq * 1000) * 1000,
  keySeq: seq,
  bits: new Uint8Array(bytes).fill(seq),
  sha256: 'ab'.repeat(32),
  model: 'lean-1',
  result: '{}',
  parts: Part.cls | Part.bits,
  ...more,
})

const unlimited: ArchiveLimits = {
  maxBytes: 1e12,
  maxAgeMs: 1e12,
  minFreeBytes: 0,
  outboxMaxBytes: 1e12,
  outboxMaxAgeMs: 1e12,
  onFull: 'drop_oldest',
  keepNewestMs: 0,
}

/** A moment of a clock that is known to be right. */
const at = (timeMs: number) => ({ timeMs, bootMs: timeMs, known: true, sure: true })

function filled(t: Test, frames: number): Archive {
  const archive = Archive.open(t.testdir())
  t.teardown(() => archive.close())
  for (let seq = 0; seq < frames; seq++) archive.commit(frame(seq))
  return archive
}

const seqs = (archive: Archive) => archive.list({ cursor: 0, limit: 500 }).map(({ seq }) => seq)
const waiting = (archive: Archive) => archive.unpublished(0, Number.MAX_SAFE_INTEGER, 500)
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

t.test('a frame and its outbox row come together, and the row goes when it is acknowledged', async (t) => {
  const archive = filled(t, 3)
  const rows = waiting(archive)
  t.strictSame(
    rows.map(({ seq }) => seq),
    [0, 1, 2],
  )
  t.match(rows[1], { cam: 'street', boot, timeUs: (nowMs + 1000) * 1000, model: 'lean-1', result: '{}', parts: 5 })
  t.ok(Buffer.from(rows[1]!.bits).equals(Buffer.alloc(bytes, 1)))
  archive.settle([rows[0]!, rows[2]!].map(({ id, parts }) => ({ id, parts })))
  t.strictSame(
    waiting(archive).map(({ seq }) => seq),
    [1],
  )
  t.match(archive.stats, { frames: 3, outboxRows: 1 })
  archive.commit(frame(3, { parts: 0 }))
  t.equal(waiting(archive).length, 1, 'what publishes nothing does not wait')
})

t.test('a second frame of the same name is refused, and leaves nothing behind', async (t) => {
  const archive = filled(t, 1)
  const before = archive.stats
  t.throws(() => archive.commit(frame(0)), { code: 'SQLITE_CONSTRAINT_UNIQUE' })
  t.strictSame(archive.stats, before)
})

t.test('everything is there after closing and opening', async (t) => {
  const dir = t.testdir()
  const first = Archive.open(dir)
  first.commit(frame(0))
  first.commit(frame(1))
  first.pin(1, true)
  const { stats } = first
  first.close()
  const second = Archive.open(dir)
  t.teardown(() => second.close())
  t.strictSame(second.stats, stats)
  t.match(second.find('street', boot, 0), { pinned: true, bytes })
  t.ok(second.readBits(2, 10, 5).equals(Buffer.alloc(5, 1)))
})

t.test('a large one is counted in steps after it was opened, whatever comes and goes meanwhile', async (t) => {
  const dir = t.testdir()
  const small = (seq: number) => frame(seq, { bits: new Uint8Array(10) })
  const first = Archive.open(dir)
  for (let seq = 0; seq < 2100; seq++) first.commit(small(seq))
  first.close()
  // As an archive of an earlier version is.
  const db = new Database(join(dir, 'archive.sqlite'))
  db.exec('DELETE FROM counted')
  db.close()
  const archive = Archive.open(dir)
  t.teardown(() => archive.close())
  t.match(archive.stats, { counted: false, frames: 500 })
  archive.commit(small(2100))
  t.match(archive.stats, { frames: 501 })
  t.equal(archive.evictOldest(unlimited, at(nowMs + 1e9)), 500)
  t.equal(archive.evictOldest(unlimited, at(nowMs + 1e9)), 500, 'which have not been counted')
  t.match(archive.stats, { frames: 1 })
  t.ok(archive.countOn())
  while (archive.countOn());
  t.match(archive.stats, { counted: true, frames: 1101 })
})

t.test('one agent at a time', async (t) => {
  const dir = t.testdir()
  const first = Archive.open(dir)
  t.throws(() => Archive.open(dir), { exitCode: 3, message: /another running blindsight uses it/ })
  first.close()
  Archive.open(dir).close()
})

t.test('the archive of a later version is left alone', async (t) => {
  const dir = t.testdir()
  Archive.open(dir).close()
  const db = new Database(join(dir, 'archive.sqlite'))
  db.pragma('user_version = 99')
  db.close()
  t.throws(() => Archive.open(dir), { name: 'AgentError', exitCode: 3, message: /newer version/ })
  t.throws(() => Archive.open(join(t.testdirName, 'archive.sqlite')), { exitCode: 3, message: /stateDir/ })
})

t.test('list: by camera and time, page after page', async (t) => {
  const archive = filled(t, 10)
  archive.commit(frame(0, { cam: 'door' }))
  t.equal(archive.list({ cam: 'door', cursor: 0, limit: 9 }).length, 1)
  const [fromUs, toUs] = [(nowMs + 3000) * 1000, (nowMs + 5000) * 1000]
  t.strictSame(
    archive.list({ cam: 'street', fromUs, toUs, cursor: 0, limit: 9 }).map(({ seq }) => seq),
    [3, 4, 5],
  )
  const page = archive.list({ cursor: 0, limit: 4 })
  t.strictSame(
    archive.list({ cursor: page.at(-1)!.id, limit: 2 }).map(({ seq }) => seq),
    [4, 5],
  )
})

t.test('evicted is not the same as never seen', async (t) => {
  const archive = filled(t, 5)
  archive.enforce({ ...unlimited, maxBytes: roomFor(2, archive) }, at(nowMs))
  t.strictSame(seqs(archive), [3, 4])
  t.equal(archive.find('street', boot, 1), undefined)
  t.equal(archive.wasSeen('street', boot, 1), true)
  t.equal(archive.wasSeen('street', boot, 5), false)
  t.equal(archive.wasSeen('door', boot, 0), false)
})

t.test('retention: bytes, age, and what is pinned stays', async (t) => {
  const archive = filled(t, 10)
  archive.pin(1, true)
  t.equal(archive.enforce({ ...unlimited, maxAgeMs: 1000 }, at(nowMs + 5000)), false)
  t.strictSame(seqs(archive), [0, ...range(4, 10)])
  archive.enforce({ ...unlimited, maxBytes: roomFor(3, archive) }, at(nowMs))
  t.strictSame(seqs(archive), [0, 8, 9])
  t.match(archive.counters, { archived: 10, evicted: 7, unpublishedDropped: 7 })
  t.strictSame(
    waiting(archive).map(({ seq }) => seq),
    [0, 8, 9],
    'no outbox row without its frame',
  )
})

t.test('a segment stays or goes as a whole', async (t) => {
  const archive = Archive.open(t.testdir())
  t.teardown(() => archive.close())
  for (let seq = 0; seq < 12; seq++) archive.commit(frame(seq, { keySeq: seq - (seq % 4) }))
  t.strictSame(
    archive.segment('street', boot, 4).map((bits) => bits[0]),
    [4, 5, 6, 7],
  )
  archive.enforce({ ...unlimited, maxBytes: roomFor(11, archive) }, at(nowMs))
  t.strictSame(seqs(archive), range(4, 12), 'one frame over, four evicted')
  archive.pin(archive.find('street', boot, 6)!.id, true)
  archive.enforce({ ...unlimited, maxBytes: 0 }, at(nowMs))
  t.strictSame(seqs(archive), range(4, 12), 'the pinned one, and the one that grows')
  archive.pin(archive.find('street', boot, 4)!.id, false)
  archive.enforce({ ...unlimited, maxBytes: 0 }, at(nowMs))
  t.strictSame(seqs(archive), range(8, 12))
})

t.test('a pin holds what is yet to come of its segment', async (t) => {
  const archive = Archive.open(t.testdir())
  t.teardown(() => archive.close())
  const commit = (from: number, to: number) => {
    for (const seq of range(from, to)) archive.commit(frame(seq, { keySeq: seq - (seq % 4) }))
  }
  commit(0, 2)
  archive.pin(archive.find('street', boot, 1)!.id, true)
  commit(2, 10)
  archive.enforce({ ...unlimited, maxBytes: 0 }, at(nowMs))
  t.strictSame(seqs(archive), [0, 1, 2, 3, 8, 9])
  archive.pin(archive.find('street', boot, 3)!.id, false)
  archive.enforce({ ...unlimited, maxBytes: 0 }, at(nowMs))
  t.strictSame(seqs(archive), [8, 9])
})

t.test('a segment that still grows is not evicted: what comes next is predicted from it', async (t) => {
  const archive = Archive.open(t.testdir())
  t.teardown(() => archive.close())
  for (const cam of ['street', 'door'])
    for (const seq of range(0, 6)) archive.commit(frame(seq, { cam, keySeq: seq - (seq % 4) }))
  archive.evictOldest(unlimited, at(nowMs + 1e6))
  t.strictSame(seqs(archive), [4, 5, 4, 5])
  archive.commit(frame(6, { keySeq: 6 }))
  archive.evictOldest(unlimited, at(nowMs + 1e6))
  t.strictSame(seqs(archive), [4, 5, 6], "the street's has ended")
  t.equal(archive.evictOldest(unlimited, at(nowMs + 1e6)), 0)
})

t.test('a camera that has gone silent keeps nothing past its time', async (t) => {
  let monoMs = 0
  const archive = Archive.open(t.testdir(), () => monoMs)
  t.teardown(() => archive.close())
  for (const seq of [0, 1, 2]) archive.commit(frame(seq))
  archive.enforce({ ...unlimited, maxAgeMs: 1000 }, at(nowMs + 3500))
  t.strictSame(seqs(archive), [2], 'it may still grow')
  monoMs += 600_001
  archive.enforce({ ...unlimited, maxAgeMs: 1000 }, at(nowMs + 3500))
  t.strictSame(seqs(archive), [])
})

t.test('an archive of version 1 is taken over', async (t) => {
  const dir = t.testdir()
  const old = new Database(join(dir, 'archive.sqlite'))
  old.exec(`
    CREATE TABLE frames (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      cam TEXT NOT NULL, boot TEXT NOT NULL, seq INTEGER NOT NULL,
      time_us INTEGER NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, model TEXT NOT NULL,
      pinned INTEGER NOT NULL DEFAULT 0, result TEXT NOT NULL, bits BLOB NOT NULL,
      UNIQUE (cam, boot, seq)
    );
    INSERT INTO frames (cam, boot, seq, time_us, bytes, sha256, model, result, bits)
    VALUES ('street', '${boot}', 7, 1000, 5, 'ab', 'lean-1', '{}', x'ab42534601');
    PRAGMA user_version = 1`)
  old.close()
  const archive = Archive.open(dir)
  t.teardown(() => archive.close())
  t.match(archive.find('street', boot, 7), { keySeq: 7, version: 1, bytes: 5 })
  archive.commit(frame(8))
  t.strictSame(seqs(archive), [7, 8])
})

t.test('taking over rewrites no frame: a full disk has no room for that', async (t) => {
  const dir = t.testdir()
  const file = join(dir, 'archive.sqlite')
  const old = new Database(file)
  old.exec(`
    CREATE TABLE frames (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      cam TEXT NOT NULL, boot TEXT NOT NULL, seq INTEGER NOT NULL,
      time_us INTEGER NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, model TEXT NOT NULL,
      pinned INTEGER NOT NULL DEFAULT 0, result TEXT NOT NULL, bits BLOB NOT NULL,
      UNIQUE (cam, boot, seq)
    );
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1999)
    INSERT INTO frames (cam, boot, seq, time_us, bytes, sha256, model, result, bits)
    SELECT 'street', '${boot}', i, i, 3000, 'ab', 'lean-1', '{}', randomblob(3000) FROM n;
    PRAGMA user_version = 1`)
  old.close()
  const before = statSync(file).size
  const archive = Archive.open(dir)
  t.teardown(() => archive.close())
  const grown = statSync(file).size - before + statSync(`${file}-wal`).size
  t.ok(grown < before / 20, `${grown} bytes written beside ${before}`)
  archive.pin(archive.find('street', boot, 3)!.id, true)
  archive.commit(frame(2000))
  archive.enforce({ ...unlimited, maxBytes: 0 }, at(nowMs))
  t.strictSame(seqs(archive).slice(0, 2), [3, 501], 'each of its frames is a segment')
})

t.test('a full outbox', async (t) => {
  const limits = { ...unlimited, outboxMaxBytes: filled(t, 4).stats.outboxBytes }
  await t.test('drop_oldest', async (t) => {
    const archive = filled(t, 10)
    archive.enforce({ ...limits, onFull: 'drop_oldest' }, at(nowMs))
    t.strictSame(
      waiting(archive).map(({ seq }) => seq),
      [6, 7, 8, 9],
    )
    t.equal(seqs(archive).length, 10, 'the archive keeps them')
    t.equal(archive.counters.unpublishedDropped, 6)
  })
  await t.test('drop_newest', async (t) => {
    const archive = filled(t, 10)
    archive.enforce({ ...limits, onFull: 'drop_newest' }, at(nowMs))
    t.strictSame(
      waiting(archive).map(({ seq }) => seq),
      [0, 1, 2, 3],
    )
  })
  await t.test('thin: the results stay, the bitstreams go', async (t) => {
    const archive = filled(t, 10)
    archive.enforce({ ...limits, onFull: 'thin' }, at(nowMs))
    t.strictSame(
      waiting(archive).map(({ parts }) => parts),
      Array(10).fill(Part.cls),
    )
    t.match(archive.counters, { thinned: 10, unpublishedDropped: 0 })
  })
  await t.test('age', async (t) => {
    const archive = filled(t, 10)
    archive.enforce({ ...unlimited, outboxMaxAgeMs: 1000 }, at(nowMs + 5000))
    t.strictSame(
      waiting(archive).map(({ seq }) => seq),
      range(4, 10),
    )
  })
})

t.test('a disk that is full: the transaction leaves nothing, and an eviction makes room', async (t) => {
  const archive = filled(t, 20)
  const db = (archive as unknown as { db: Database.Database }).db
  db.pragma(`max_page_count = ${db.pragma('page_count', { simple: true })}`)
  const before = archive.stats
  let seq = 20
  const fill = () => {
    for (; seq < 100; seq++) archive.commit(frame(seq))
  }
  t.throws(fill, { code: 'SQLITE_FULL' })
  t.equal(archive.stats.frames, before.frames + seq - 20)
  t.equal(archive.find('street', boot, seq), undefined)
  archive.evictOldest(unlimited, at(nowMs + 1e6))
  t.ok(archive.commit(frame(seq)) > 0)
})

t.test('what came last is kept on a disk that is full, until it is older than that', async (t) => {
  const archive = filled(t, 20)
  const hour = { ...unlimited, minFreeBytes: 1e18, keepNewestMs: 10_000 }
  t.equal(archive.evictOldest(hour, at(nowMs + 9000)), 0)
  archive.enforce(hour, at(nowMs + 1e6))
  t.strictSame(seqs(archive), range(9, 20), 'less free than should be: the newest ten seconds of what is there')
  archive.evictOldest(hour, at(nowMs + 25_500))
  t.strictSame(seqs(archive), range(16, 20), 'a frame that finds no room now takes that of what is older')
  t.match(archive.takeEvictions(), [
    { why: 'free_space', frames: 9 },
    { why: 'disk_full', frames: 7 },
  ])
})

t.test('a frame without its outbox row is not committed', async (t) => {
  const archive = filled(t, 1)
  const db = (archive as unknown as { db: Database.Database }).db
  db.exec(`CREATE TRIGGER broken BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'no outbox'); END`)
  t.throws(() => archive.commit(frame(1)), /no outbox/)
  t.equal(archive.find('street', boot, 1), undefined)
  t.match(archive.stats, { frames: 1, outboxRows: 1 })
  db.exec('DROP TRIGGER broken')
  archive.commit(frame(1))
  t.strictSame(seqs(archive), [0, 1])
})

t.test('retention in short steps, which end', async (t) => {
  const archive = filled(t, 0)
  for (let seq = 0; seq < 1100; seq++) archive.commit(frame(seq, { bits: new Uint8Array(10) }))
  archive.pin(1, true)
  const limits = { ...unlimited, maxBytes: 0 }
  t.strictSame(
    [1, 2, 3].map(() => archive.enforce(limits, at(nowMs))),
    [true, true, false],
  )
  t.strictSame(seqs(archive), [0, 1099], 'pinned: over every limit, and still there')
  t.equal(archive.enforce(limits, at(nowMs)), false)
  archive.pin(1, false)
  archive.enforce(limits, at(nowMs))
  t.match(archive.stats, { frames: 1, outboxRows: 1 }, 'the last one: its segment may still grow')
})

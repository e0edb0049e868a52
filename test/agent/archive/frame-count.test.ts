/** Counted against what is there, over restarts, kills and failures. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { Archive } from '../../../agent/archive/archive.js'
import { at, frame, limits, nowMs } from './frames.js'

const FILE = 'archive.sqlite'
const small = (seq: number) => frame(seq, { size: 10 })
const opened = (t: Test, dir: string): Archive => {
  const archive = Archive.open(dir)
  t.teardown(() => archive.close())
  return archive
}
/** As a kill leaves it: what SQLite has committed, and nothing that a close would have added. */
function killed(t: Test, from: string): string {
  const to = t.testdir()
  for (const piece of ['', '-wal']) copyFileSync(join(from, FILE + piece), join(to, FILE + piece))
  return to
}
const truth = (dir: string): number => {
  const db = new Database(join(dir, FILE), { readonly: true })
  const frames = db.prepare('SELECT count(*) FROM frames').pluck().get() as number
  db.close()
  return frames
}
const whole = (archive: Archive): number => {
  while (archive.countOn());
  return archive.stats.frames
}

t.test('after a clean end nothing is left to count', async (t) => {
  const dir = t.testdir({})
  const first = Archive.open(dir)
  for (let seq = 0; seq < 1200; seq++) first.commit(small(seq))
  first.close()
  t.match(opened(t, dir).stats, { frames: 1200, counted: true })
})

t.test('killed at any moment: what came since it was last written is counted, and no more', async (t) => {
  const dir = t.testdir({ live: {} })
  const live = join(dir, 'live')
  const archive = opened(t, live)
  let seq = 0
  const commit = (n: number) => {
    for (const end = seq + n; seq < end; seq++) archive.commit(small(seq))
  }
  const check = (t: Test, most: number) => {
    const copy = killed(t, live)
    const db = new Database(join(copy, FILE))
    const upTo = (db.prepare('SELECT up_to FROM counted').pluck().get() as number | undefined) ?? 0
    const left = db.prepare('SELECT count(*) FROM frames WHERE id > ?').pluck().get(upTo) as number
    db.close()
    t.ok(left <= most, `${left} to count`)
    const there = truth(copy)
    t.equal(whole(opened(t, copy)), there)
    t.equal(archive.stats.frames, there)
  }
  commit(1700)
  await t.test('before it was ever written', async (t) => check(t, 1700))
  archive.enforce(limits, at(nowMs))
  commit(300)
  await t.test('after some upkeep', async (t) => check(t, 300))
  archive.evictOldest(limits, at(nowMs + 1e9))
  await t.test('after an eviction', async (t) => check(t, 0))
  commit(20)
  const old = { ...small(0), boot: 'f'.repeat(16), id: 3, pinned: 0 }
  archive.adopt([old, { ...old, seq: 1, id: 1_000_000 }])
  await t.test('after frames of another database, before and behind its own', async (t) => check(t, 0))
  commit(20)
  await t.test('and what comes after those', async (t) => check(t, 20))
})

t.test('an eviction or a take-over that fails changes nothing', async (t) => {
  const archive = opened(t, t.testdir())
  for (let seq = 0; seq < 30; seq++) archive.commit(small(seq))
  const { db } = archive as unknown as { db: Database.Database }
  db.exec(`CREATE TRIGGER broken BEFORE INSERT ON counted BEGIN SELECT RAISE(ABORT, 'no room'); END`)
  t.throws(() => archive.evictOldest(limits, at(nowMs + 1e9)), /no room/)
  t.throws(() => archive.adopt([{ ...small(99), id: 3, pinned: 0 }]), /no room/)
  t.match(archive.stats, { frames: 30, outboxRows: 30 })
  db.exec('DROP TRIGGER broken')
  archive.evictOldest(limits, at(nowMs + 1e9))
  t.match(archive.stats, { frames: 5 })
})

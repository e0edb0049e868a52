/** What stands in the database's place, and what is said of it. */
import { chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { databasePath } from '../../../agent/archive/aside.js'
import { openDatabase } from '../../../agent/archive/database.js'

const opened = (dir: string) => {
  const { db, lock } = openDatabase(dir)
  db.close()
  lock.close()
}
const other = (path: string, version: number) => {
  const db = new Database(path)
  db.exec('CREATE TABLE recipes (name TEXT)')
  db.pragma(`user_version = ${version}`)
  db.close()
}
const cases: [string, (path: string) => void, object][] = [
  ['a text', (path) => writeFileSync(path, 'a text that is longer than a header'.repeat(10)), { fault: 'damaged' }],
  ['a directory', (path) => mkdirSync(path), { fault: 'damaged' }],
  ['the database of another program', (path) => other(path, 0), { fault: 'damaged', message: /something else/ }],
  ['one with a version of its own', (path) => other(path, 37), { fault: 'damaged' }],
]
for (const [name, put, error] of cases)
  t.test(name, async (t: Test) => {
    const dir = t.testdir()
    put(databasePath(dir))
    t.throws(() => openDatabase(dir), { name: 'AgentError', exitCode: 3, ...error })
  })

t.test('an empty file is a database that has not begun', async (t) => {
  const dir = t.testdir({ 'archive.sqlite': '' })
  opened(dir)
})

t.test('a lock with anything in it still locks', async (t) => {
  const dir = t.testdir({ lock: 'not a database, and long enough to look like one'.repeat(40) })
  const first = openDatabase(dir)
  t.throws(() => openDatabase(dir), { name: 'AgentError', fault: 'taken' })
  first.db.close()
  first.lock.close()
  t.equal(readFileSync(join(dir, 'lock')).length, 0)
  opened(dir)
})

t.test('its page cache is small, however large the archive gets', async (t: Test) => {
  const { db, lock } = openDatabase(t.testdir())
  t.equal(db.pragma('cache_size', { simple: true }), -2000)
  db.close()
  lock.close()
})

t.test('a directory where the journal goes', async (t) => {
  const dir = t.testdir()
  opened(dir)
  for (const piece of ['-wal', '-shm']) mkdirSync(databasePath(dir) + piece)
  opened(dir)
})

const notRoot = process.getuid?.() !== 0 && 'only root may give files away'
t.test('what root makes belongs to the owner of the folder that it is in', { skip: notRoot }, async (t) => {
  const service = t.testdir()
  chownSync(service, 12345, 54321)
  const made = join(relative(process.cwd(), service), 'a', '..', 'new', 'state')
  const { db, lock } = openDatabase(made)
  const there = ['new', ...readdirSync(join(service, 'new'), { recursive: true, encoding: 'utf8' })]
  for (const name of there.map((name, n) => (n === 0 ? name : join('new', name)))) {
    const { uid, gid } = statSync(join(service, name))
    t.strictSame({ name, uid, gid }, { name, uid: 12345, gid: 54321 })
  }
  t.ok(there.includes('state/archive.sqlite-wal'))
  db.close()
  lock.close()
})

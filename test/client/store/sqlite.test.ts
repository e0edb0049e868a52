import { join } from 'node:path'
import Database from 'better-sqlite3'
import t from 'tap'
import { openStore } from '../../../client/store/open.js'
import { failure } from '../../../client/store/sqlite.js'
import { at, suite } from './suite.js'

suite('SQLite', async (t) => join(t.testdir(), 'fleet.sqlite'))

t.test('a file that is none, and one of a later version, are said', async (t) => {
  const dir = t.testdir({ 'fleet.sqlite': 'no database, but more than a hundred bytes of text '.repeat(20) })
  await t.rejects(openStore(join(dir, 'fleet.sqlite')), { name: 'StoreError', code: 'away', message: /not a database/ })
})

t.test('of a reject that is too large the beginning is kept, and how long it was', async (t) => {
  const file = join(t.testdir(), 'fleet.sqlite')
  const store = await openStore(file)
  await store.reject({ at, topic: 'b/v1/x/cam/y/cls', reason: 'no JSON', payload: Buffer.alloc(1_000_000, 'x') })
  await store.close()
  const db = new Database(file, { readonly: true })
  t.teardown(() => db.close())
  t.strictSame(db.prepare('SELECT bytes, length(payload) AS kept FROM rejects').all(), [
    { bytes: 1_000_000, kept: 262_144 },
  ])
})

t.test('what SQLite says, in the store’s words', async (t) => {
  const said = (code: string) => failure('fleet.sqlite', Object.assign(new Error('so'), { code })).code
  t.strictSame(['SQLITE_FULL', 'SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_IOERR'].map(said), ['full', 'refused', 'away'])
})

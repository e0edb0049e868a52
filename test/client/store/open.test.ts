import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t from 'tap'
import { openStore } from '../../../client/store/open.js'
import { at, cls } from './suite.js'

t.test('a file is SQLite, with and without its scheme; a folder for it is made', async (t) => {
  const file = join(t.testdir(), 'a', 'b', 'fleet.sqlite')
  const first = await openStore(file)
  await first.commit([cls(1)], at)
  await first.close()
  const again = await openStore(`sqlite:${file}`)
  t.match(await again.totals(), { results: 1 })
  t.equal(again.name, `sqlite:${file}`)
  await again.close()
})

t.test('a folder in its place is said', async (t) => {
  const dir = join(t.testdir(), 'fleet.sqlite')
  mkdirSync(dir)
  await t.rejects(openStore(dir), { name: 'StoreError', code: 'away', message: /fleet\.sqlite: a folder/ })
})

t.test('a server that is not there is said, without its password', async (t) => {
  const error = await openStore('postgres://me:secret@127.0.0.1:1/fleet').catch((cause) => cause)
  t.match(error, { name: 'StoreError', code: 'away', message: /^postgres:\/\/127\.0\.0\.1:1\/fleet: .*ECONNREFUSED/ })
  t.notMatch(error.message, /secret/)
})

t.test('a store of a later release is left as it is', async (t) => {
  const file = join(t.testdir(), 'fleet.sqlite')
  await (await openStore(file)).close()
  const db = new Database(file)
  db.prepare("INSERT INTO kysely_migration (name, timestamp) VALUES ('999', '2027-01-01')").run()
  db.close()
  await t.rejects(openStore(file), { name: 'StoreError', code: 'version', message: /later blindsight/ })
})

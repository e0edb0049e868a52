import { join } from 'node:path'
import Database from 'better-sqlite3'
import { sql } from 'kysely'
import t from 'tap'
import { migrate } from '../../../client/store/migrations.js'
import { openSqlite } from '../../../client/store/sqlite.js'

t.test('the tables are made once, and what is in them stays', async (t) => {
  const file = join(t.testdir(), 'fleet.sqlite')
  const { db, engine, close } = openSqlite(file, false)
  t.teardown(close)
  await migrate(db, engine)
  await sql`INSERT INTO leases (name, holder, until) VALUES ('keeper', 'me', 'now')`.execute(db)
  await migrate(db, engine)
  t.match(await db.selectFrom('leases').selectAll().execute(), [{ holder: 'me' }])
  const { rows } = await sql<{ name: string }>`SELECT name FROM kysely_migration`.execute(db)
  t.strictSame(rows, [{ name: '001' }, { name: '002' }, { name: '003' }, { name: '004' }])
})

t.test('all of a version or nothing: of a database that is somebody else’s nothing is changed', async (t) => {
  const file = join(t.testdir(), 'other.sqlite')
  const other = new Database(file)
  other.exec('CREATE TABLE events (mine text)')
  other.close()
  const { db, engine, close } = openSqlite(file, false)
  t.teardown(close)
  await t.rejects(migrate(db, engine), { name: 'StoreError', message: /other\.sqlite: .*events already exists/ })
  const { rows } = await sql<{
    name: string
  }>`SELECT name FROM sqlite_master WHERE name IN ('streams', 'events')`.execute(db)
  t.strictSame(rows, [{ name: 'events' }])
})

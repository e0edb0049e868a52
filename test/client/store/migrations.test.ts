import { join } from 'node:path'
import Database from 'better-sqlite3'
import { sql } from 'kysely'
import t from 'tap'
import { migrate } from '../../../client/store/migrations.js'
import { openStore } from '../../../client/store/open.js'
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
  t.strictSame(
    rows.map(({ name }) => name),
    ['001', '002', '003', '004', '005', '006'],
  )
})

t.test('what an earlier version kept of a run that leaves frames out cannot be proven', async (t) => {
  const file = join(t.testdir(), 'fleet.sqlite')
  const store = await openStore(file)
  await store.close()
  const db = new Database(file)
  // As the second version had it.
  db.exec(`DELETE FROM kysely_migration WHERE name > '002'; DROP TABLE orphans;
    ALTER TABLE segments DROP COLUMN lost; ALTER TABLE streams DROP COLUMN bits_to;
    ALTER TABLE streams DROP COLUMN cls_to; ALTER TABLE streams DROP COLUMN seg_to;
    ALTER TABLE streams DROP COLUMN results_from; ALTER TABLE devices DROP COLUMN boot;
    INSERT INTO streams (dev, cam, boot, start, first_time, last_time, thinned, closed) VALUES ('a', 'b', 'c', 0, 'x', 'x', 1, 0), ('a', 'b', 'd', 0, 'x', 'x', 0, 0);
    INSERT INTO spans (stream, kind, from_seq, to_seq) VALUES (1, 1, 0, 9), (1, 3, 0, 9), (2, 3, 0, 9);
    INSERT INTO segments (stream, seq, last_seq, frames, from_time, to_time, bytes, sha256, bundle) VALUES (1, 4, 9, 6, 'x', 'x', 9, 'ab', 'cd')`)
  db.close()
  const later = await openStore(file)
  t.teardown(() => later.close())
  t.strictSame(
    [...(await later.absent())],
    [
      [1, { lost: [], unproven: [{ from: 0, to: 3 }], leftOut: 0 }],
      [2, { lost: [{ from: 0, to: 9 }], unproven: [], leftOut: 0 }],
    ],
  )
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

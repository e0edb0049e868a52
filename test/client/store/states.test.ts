import { join } from 'node:path'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { migrate } from '../../../client/store/migrations.js'
import { openSqlite } from '../../../client/store/sqlite.js'
import { audit, audits, lease, noteState, reject } from '../../../client/store/states.js'
import { at } from './suite.js'

async function tables(t: Test) {
  const { db, engine, close } = openSqlite(join(t.testdir(), 'fleet.sqlite'), false)
  t.teardown(close)
  await migrate(db, engine)
  return db
}
const camera = (state: string, reason = 'frames come') => ({
  ...({ what: 'camera', dev: 'gate-1', cam: 'street' } as const),
  ...{ state, reason, since: at, at },
})

t.test('changes of a state are kept, and nothing that is none', async (t) => {
  const db = await tables(t)
  const box = { what: 'state', dev: 'gate-1', session: 's', at } as const
  for (const state of ['online', 'online', 'offline', 'online']) await noteState(db, { ...box, state })
  for (const state of ['online', 'online', 'stalled']) await noteState(db, camera(state))
  await noteState(db, camera('stalled', 'the same picture'))
  const changes = await db.selectFrom('state_changes').select(['cam', 'state', 'reason']).orderBy('id').execute()
  t.strictSame(
    changes.map(({ cam, state, reason }) => [cam, state, reason]),
    [
      [null, 'online', null],
      [null, 'offline', null],
      [null, 'online', null],
      ['street', 'online', 'frames come'],
      ['street', 'stalled', 'frames come'],
      ['street', 'stalled', 'the same picture'],
    ],
  )
})

t.test('what one message says does not wipe out what another said', async (t) => {
  const db = await tables(t)
  await noteState(db, { what: 'info', boot: 'b', dev: 'gate-1', json: '{"v":1}', at })
  await noteState(db, { what: 'state', dev: 'gate-1', state: 'online', session: 's', at })
  await noteState(db, { what: 'now', dev: 'gate-1', cam: 'street', json: '{"present":[]}', at })
  await noteState(db, camera('online'))
  t.match(await db.selectFrom('devices').selectAll().execute(), [{ info: '{"v":1}', state: 'online', health: null }])
  t.match(await db.selectFrom('cameras').selectAll().execute(), [{ now: '{"present":[]}', state: 'online' }])
})

t.test('rejects are kept as they came, and never more than so many', async (t) => {
  const db = await tables(t)
  const one = { at, topic: 'b/x\0', reason: 'no JSON', payload: Buffer.from('{') }
  await reject(db, one)
  t.match(await db.selectFrom('rejects').selectAll().execute(), [{ topic: 'b/x\uFFFD', bytes: 1 }])
  await sql`UPDATE sqlite_sequence SET seq = 10000 WHERE name = 'rejects'`.execute(db)
  await reject(db, one)
  t.strictSame(
    (await db.selectFrom('rejects').select('id').execute()).map(({ id }) => id),
    [10_001],
    'the oldest goes',
  )
})

t.test('a lease is its holder’s until it has run out', async (t) => {
  const { db, engine, close } = openSqlite(join(t.testdir(), 'fleet.sqlite'), false)
  t.teardown(close)
  await migrate(db, engine)
  t.equal(await lease(db, engine, 'keeper', 'one', 60), true)
  t.equal(await lease(db, engine, 'keeper', 'two', 60), false)
  await db.updateTable('leases').set({ until: '2020-01-01T00:00:00.000Z' }).execute()
  t.equal(await lease(db, engine, 'keeper', 'two', 60), true)
  t.equal(await lease(db, engine, 'keeper', 'one', 60), false, 'who comes back finds another in its place')
})

t.test('who looked, the newest first', async (t) => {
  const db = await tables(t)
  for (const who of ['ann', 'ben', 'cem'])
    await audit(db, { at, who, dev: 'a', cam: 'b', from: at, to: at, ref: 'live' })
  t.strictSame(
    (await audits(db, 2)).map(({ who }) => who),
    ['cem', 'ben'],
  )
})

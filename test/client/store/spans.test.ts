import { join } from 'node:path'
import t from 'tap'
import { migrate } from '../../../client/store/migrations.js'
import { enlist, spansOf, unlist } from '../../../client/store/spans.js'
import { openSqlite } from '../../../client/store/sqlite.js'

const span = (from: number, to = from) => ({ from, to })

t.test('added to they join where they touch, and taken from they part', async (t) => {
  const { db, engine, close } = openSqlite(join(t.testdir(), 'fleet.sqlite'), false)
  t.teardown(close)
  await migrate(db, engine)
  const row = { dev: 'a', cam: 'b', boot: 'c', start: 0, first_time: 'x', last_time: 'x', thinned: 0, closed: 0 }
  const { id } = await db.insertInto('streams').values(row).returning('id').executeTakeFirstOrThrow()
  await db.transaction().execute(async (tx) => {
    const add = (...spans: { from: number; to: number }[]) => enlist(tx, id, 1, spans)
    const noted = () => spansOf(tx, 'spans', id, 1)
    t.strictSame(await add(span(2, 4), span(8)), [span(2, 4), span(8)])
    t.strictSame(await add(span(3, 7)), [span(5, 7)], 'those that were not there')
    t.strictSame(await noted(), [span(2, 8)])
    t.strictSame(await add(span(2, 8)), [])
    await unlist(tx, id, 1, [span(4), span(7, 20)])
    t.strictSame(await noted(), [span(2, 3), span(5, 6)])
    t.strictSame(await spansOf(tx, 'spans', id, 2), [], 'of one kind')
  })
})

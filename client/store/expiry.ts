/** Forgetting what is older than allowed, by whole days. */
import { type Kysely, sql } from 'kysely'
import type { Engine } from './engine.js'
import { type DeleteObjects, type Expired, StoreError } from './store.js'
import type { Tables } from './tables.js'

/** Segments whose objects are deleted before their rows are. */
const STEP = 500

/** @param before UTC; of results the day that it is in stays whole */
export async function expire(
  db: Kysely<Tables>,
  engine: Engine,
  before: string,
  deleteObjects?: DeleteObjects,
): Promise<Expired> {
  const results = await engine.dropResults(db, before.slice(0, 10))
  const ended = await db.deleteFrom('events').where('until', '<', before).where('ended', '=', 1).executeTakeFirst()
  await db.deleteFrom('event_messages').where('time', '<', before).execute()
  await db.transaction().execute(async (tx) => {
    const records = tx.deleteFrom('records').where('time', '<', before).returning(['stream', 'seq as last'])
    await noteForgotten(tx, await records.execute())
  })
  await db.deleteFrom('state_changes').where('at', '<', before).execute()
  await db.deleteFrom('rejects').where('at', '<', before).execute()
  await db.deleteFrom('audits').where('at', '<', before).execute()
  // Last: what cannot be deleted where it lies must not keep the rest.
  const segments = await expireSegments(db, engine, before, deleteObjects)
  // With what is known of their seqs. What of them comes after all is forgotten the next time.
  await db
    .deleteFrom('streams')
    .where('last_time', '<', before)
    .where(sql<boolean>`NOT EXISTS (SELECT 1 FROM segments WHERE segments.stream = streams.id)`)
    .execute()
  return { results, events: Number(ended.numDeletedRows), segments }
}

/** First the objects, then the rows that name them: after a crash between the two the rows are there for the next time. */
async function expireSegments(
  db: Kysely<Tables>,
  { place: where }: Engine,
  before: string,
  deleteObjects?: DeleteObjects,
): Promise<number> {
  let count = await db.transaction().execute(async (tx) => {
    const here = tx.deleteFrom('segments').where('to_time', '<', before).where('place', 'is', null)
    const forgotten = await here.returning(['stream', 'last_seq as last']).execute()
    await noteForgotten(tx, forgotten)
    return forgotten.length
  })
  for (;;) {
    const of = db
      .selectFrom('segments')
      .select(['stream', 'seq', 'last_seq as last', 'place'])
      .where('to_time', '<', before)
    const old = await of.orderBy('stream').orderBy('seq').limit(STEP).execute()
    if (old.length === 0) return count
    if (!deleteObjects)
      throw new StoreError(
        'refused',
        `${where}: old segments lie elsewhere, like ${old[0].place}: name that with --bits`,
      )
    await deleteObjects(old.map(({ place }) => place!))
    await noteForgotten(db, old)
    await db
      .deleteFrom('segments')
      .where(({ eb, refTuple, tuple }) =>
        eb(
          refTuple('stream', 'seq'),
          'in',
          old.map(({ stream, seq }) => tuple(stream, seq)),
        ),
      )
      .execute()
    count += old.length
  }
}

/** So that verify tells them from bitstreams that are lost. */
async function noteForgotten(
  db: Kysely<Tables>,
  rows: readonly { readonly stream: number; readonly last: number }[],
): Promise<void> {
  const lasts = new Map<number, number>()
  for (const { stream, last } of rows) lasts.set(stream, Math.max(last, lasts.get(stream) ?? 0))
  for (const [stream, last] of lasts)
    await db
      .updateTable('streams')
      .set({ kept_from: last + 1 })
      .where('id', '=', stream)
      .where('kept_from', '<=', last)
      .execute()
}

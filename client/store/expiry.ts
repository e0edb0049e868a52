/** Forgetting what is older than allowed, by whole days. */
import { type Kysely, sql, type Transaction } from 'kysely'
import { hold } from './coverage.js'
import type { Engine } from './engine.js'
import { orphan, sweep } from './orphans.js'
import { type DeleteObjects, type Expired, StoreError } from './store.js'
import { type PassedKind, passed, passedResults, type Tables } from './tables.js'

/** Segments forgotten at once. */
const STEP = 500

/** @param before UTC; of results the day that it is in stays whole */
export async function expire(
  db: Kysely<Tables>,
  engine: Engine,
  before: string,
  deleteObjects?: DeleteObjects,
): Promise<Expired> {
  const day = before.slice(0, 10)
  await noteForgottenResults(db, engine, `${day}T00:00:00.000Z`)
  const results = await engine.dropResults(db, day)
  const ended = await db.deleteFrom('events').where('until', '<', before).where('ended', '=', 1).executeTakeFirst()
  await db.deleteFrom('event_messages').where('time', '<', before).execute()
  await expireRecords(db, before)
  await db.deleteFrom('state_changes').where('at', '<', before).execute()
  await db.deleteFrom('rejects').where('at', '<', before).execute()
  await db.deleteFrom('audits').where('at', '<', before).execute()
  // Last: what cannot be deleted where it lies must not keep the rest.
  const segments = await expireSegments(db, engine, before, deleteObjects)
  // With what is known of their seqs. What of them comes after all is forgotten the next time. That of a run which goes on stays: its box would be asked for all of it.
  await db
    .deleteFrom('streams')
    .where('last_time', '<', before)
    // One of which nothing has come yet has no time: its box is asked first.
    .where(({ or, eb }) => or([eb('closed', '=', 1), eb('first_time', '<', before)]))
    .where(
      sql<boolean>`NOT EXISTS (SELECT 1 FROM devices WHERE devices.dev = streams.dev AND devices.boot = streams.boot)`,
    )
    .where(sql<boolean>`NOT EXISTS (SELECT 1 FROM segments WHERE segments.stream = streams.id)`)
    .execute()
  return { results, events: Number(ended.numDeletedRows), segments }
}

/** Those whose objects lie elsewhere are orphans from then on: after a crash, or where they lie is away, they are swept another time. */
async function expireSegments(
  db: Kysely<Tables>,
  { place: where }: Engine,
  before: string,
  deleteObjects?: DeleteObjects,
): Promise<number> {
  let count = 0
  for (;;) {
    let of = db.selectFrom('segments').select(['stream', 'seq', 'last_seq as last']).where('to_time', '<', before)
    if (!deleteObjects) of = of.where('place', 'is', null)
    const old = await of.orderBy('stream').orderBy('seq').limit(STEP).execute()
    if (old.length === 0) break
    for (const [stream, rows] of byStream(old)) count += await forgetSegments(db, stream, rows, before)
  }
  if (deleteObjects) await sweep(db, before, deleteObjects)
  else await refuseElsewhere(db, where, before)
  return count
}

async function refuseElsewhere(db: Kysely<Tables>, where: string, before: string): Promise<void> {
  const elsewhere = db
    .selectFrom('segments')
    .select('place')
    .where('to_time', '<', before)
    .where('place', 'is not', null)
  const one = await elsewhere.limit(1).executeTakeFirst()
  if (!one) return
  throw new StoreError('refused', `${where}: old segments lie elsewhere, like ${one.place}: name that with --bits`)
}

/** What is sealed anew meanwhile, with frames that are not old, stays. */
const forgetSegments = (
  db: Kysely<Tables>,
  stream: number,
  rows: readonly { readonly seq: number; readonly last: number }[],
  before: string,
): Promise<number> =>
  db.transaction().execute(async (tx) => {
    await hold(tx, stream)
    const forgotten = await tx
      .deleteFrom('segments')
      .where('stream', '=', stream)
      .where(
        'seq',
        'in',
        rows.map(({ seq }) => seq),
      )
      .where('to_time', '<', before)
      .returning(['last_seq as last', 'place'])
      .execute()
    await noteForgotten(tx, stream, forgotten)
    const places = forgotten.flatMap(({ place }) => place ?? [])
    await orphan(tx, places, new Date().toISOString(), true)
    return forgotten.length
  })

async function expireRecords(db: Kysely<Tables>, before: string): Promise<void> {
  const of = db.selectFrom('records').select('stream').distinct().where('time', '<', before)
  for (const { stream } of await of.execute())
    await db.transaction().execute(async (tx) => {
      await hold(tx, stream)
      const old = tx.deleteFrom('records').where('stream', '=', stream).where('time', '<', before)
      await noteForgotten(tx, stream, await old.returning('seq as last').execute())
    })
}

function byStream<T extends { readonly stream: number }>(rows: readonly T[]): Map<number, T[]> {
  const found = new Map<number, T[]>()
  for (const row of rows) found.set(row.stream, [...(found.get(row.stream) ?? []), row])
  return found
}

/** So that verify tells them from results that are lost. @param day its beginning, in UTC: a date alone is one of the database's time zone */
async function noteForgottenResults(db: Kysely<Tables>, engine: Engine, day: string): Promise<void> {
  const old = db.selectFrom('streams').select('id').where('first_time', '<', day)
  for (const { id } of await old.execute()) {
    const last = await engine.lastBefore(db, id, day)
    if (last === undefined) continue
    await forgetUpTo(db, id, last, 'results_from', Object.values(passedResults))
  }
}

/** So that verify tells them from bitstreams that are lost. */
async function noteForgotten(
  tx: Transaction<Tables>,
  stream: number,
  rows: readonly { readonly last: number }[],
): Promise<void> {
  const last = rows.reduce((most, row) => Math.max(most, row.last), -1)
  await forgetUpTo(tx, stream, last, 'kept_from', Object.values(passed))
}

/** @param of what was noted of those that were left out */
async function forgetUpTo(
  db: Kysely<Tables>,
  stream: number,
  last: number,
  column: 'kept_from' | 'results_from',
  of: readonly PassedKind[],
): Promise<void> {
  const forgotten = db
    .updateTable('streams')
    .set(column, last + 1)
    .where('id', '=', stream)
  await forgotten.where(column, '<=', last).execute()
  const spans = db.deleteFrom('spans').where('stream', '=', stream).where('kind', 'in', of)
  await spans.where('to_seq', '<=', last).execute()
}

/** Records that came one by one, and the segments that are made of them. */
import { type Kysely, type Selectable, sql } from 'kysely'
import { hold, streamColumns, streamOf } from './coverage.js'
import { adopt, orphan } from './orphans.js'
import type { LooseRecord, Sealed, Stream } from './store.js'
import type { Tables } from './tables.js'

export async function looseStreams(
  db: Kysely<Tables>,
): Promise<{ stream: Stream; first: number; last: number; lastAt: string }[]> {
  const rows = await db
    .selectFrom('records')
    .select(({ fn }) => [
      'stream',
      fn.min<number>('seq').as('first'),
      fn.max<number>('seq').as('last'),
      fn.max<string>('arrived').as('lastAt'),
    ])
    .groupBy('stream')
    .execute()
  if (rows.length === 0) return []
  const ids = rows.map(({ stream }) => stream)
  const streams = await db.selectFrom('streams').select(streamColumns).where('id', 'in', ids).execute()
  const byId = new Map(streams.map((row) => [row.id, streamOf(row)]))
  return rows.map(({ stream, ...rest }) => ({ stream: byId.get(stream)!, ...rest }))
}

export async function recordsOf(
  db: Kysely<Tables>,
  stream: number,
  from: number,
  limit: number,
): Promise<LooseRecord[]> {
  const columns = ['seq', 'position', 'time', 'bytes'] as const
  const rows = db.selectFrom('records').select(columns).where('stream', '=', stream).where('seq', '>=', from)
  return rows.orderBy('seq').limit(limit).execute()
}

export const sealedOf = (row: Selectable<Tables['segments']>): Sealed => ({
  seq: row.seq,
  last: row.last_seq,
  frames: row.frames,
  from: row.from_time,
  to: row.to_time,
  bytes: row.bytes,
  sha256: row.sha256,
  bundle: row.bundle,
  ...(row.place !== null && { place: row.place }),
  ...(row.data !== null && { data: row.data }),
})

export async function sealedSegment(db: Kysely<Tables>, stream: number, seq: number): Promise<Sealed | undefined> {
  const of = db.selectFrom('segments').selectAll().where('stream', '=', stream).where('seq', '=', seq)
  const row = await of.where('lost', '=', 0).executeTakeFirst()
  return row && sealedOf(row)
}

export async function seal(
  db: Kysely<Tables>,
  stream: number,
  { seq, last, frames, from, to, bytes, sha256, bundle, place, data }: Sealed,
): Promise<boolean> {
  const row = {
    ...{ last_seq: last, frames, from_time: from, to_time: to, bytes, sha256, bundle },
    place: place ?? null,
    data: data ? Buffer.from(data) : null,
    lost: 0,
  }
  return db.transaction().execute(async (tx) => {
    await hold(tx, stream)
    const of = tx
      .selectFrom('segments')
      .select(['last_seq', 'place', 'lost'])
      .where('stream', '=', stream)
      .where('seq', '=', seq)
    const before = await of.executeTakeFirst()
    if (before?.lost === 0 && before.last_seq > last) return false
    if (row.place !== null && !(await adopt(tx, row.place))) return false
    await tx
      .insertInto('segments')
      .values({ stream, seq, ...row })
      .onConflict((conflict) => conflict.columns(['stream', 'seq']).doUpdateSet(row))
      .execute()
    // Somebody may be reading it.
    if (before?.place) await orphan(tx, [before.place], new Date().toISOString())
    await tx
      .deleteFrom('records')
      .where('stream', '=', stream)
      .where(sql<boolean>`seq BETWEEN ${seq} AND ${last}`)
      .execute()
    return true
  })
}

/** What boxes and cameras say of themselves, what could not be understood, who looked, and who of several collectors does what. */
import { type Kysely, sql } from 'kysely'
import { startOf } from './commit.js'
import type { Engine } from './engine.js'
import type { Audit, Reject, StateMessage, Told } from './store.js'
import type { Tables } from './tables.js'

/** The last word of each, and every change of a state. */
export async function noteState(db: Kysely<Tables>, message: StateMessage): Promise<void> {
  const { dev, at } = message
  if (message.what === 'state' || message.what === 'camera') await noteChange(db, message)
  if (message.what === 'camera' || message.what === 'now') {
    const said =
      message.what === 'now'
        ? { now: message.json }
        : { state: message.state, reason: message.reason, since: message.since }
    await db
      .insertInto('cameras')
      .values({ ...{ dev, cam: message.cam, state: null, reason: null, since: null, now: null }, ...said })
      .onConflict((conflict) => conflict.columns(['dev', 'cam']).doUpdateSet(said))
      .execute()
    return
  }
  if (message.what === 'health' && message.runs) await noteRuns(db, dev, message.runs)
  const said =
    message.what === 'state'
      ? { state: message.state, reason: message.reason ?? null, session: message.session, at }
      : { [message.what]: message.json, at, ...(message.what === 'info' && { boot: message.boot }) }
  await db
    .insertInto('devices')
    .values({ ...{ dev, state: null, reason: null, session: null, info: null, health: null, boot: null, at }, ...said })
    .onConflict((conflict) => conflict.column('dev').doUpdateSet(said))
    .execute()
}

/** No time at all: any other one is before the first, and after the last. */
const NEVER = { first_time: '9999-12-31T00:00:00.000Z', last_time: '1970-01-01T00:00:00.000Z' }

async function isKnown(db: Kysely<Tables>, dev: string, cam: string, boot: string): Promise<boolean> {
  const rows = db.selectFrom('streams').select('id').where('dev', '=', dev).where('cam', '=', cam)
  return (await rows.where('boot', '=', boot).executeTakeFirst()) !== undefined
}

/** A run of which nothing has come may be known by this alone. */
async function noteRuns(db: Kysely<Tables>, dev: string, runs: readonly Told[]): Promise<void> {
  for (const { cam, boot, due, thinned, newest } of runs) {
    const seqs = Object.values(newest).filter((seq) => seq !== undefined)
    if (seqs.length === 0) continue
    if (due === 'known' && !(await isKnown(db, dev, cam, boot))) continue
    const to = { cls_to: newest.cls ?? -1, seg_to: newest.seg ?? -1, bits_to: newest.bits ?? -1 }
    const rises = Object.keys(to)
      .map((column) => `excluded.${column} > streams.${column}`)
      .join(' OR ')
    const further = Object.keys(to).map((column) => [
      column,
      sql.raw(`CASE WHEN excluded.${column} > streams.${column} THEN excluded.${column} ELSE streams.${column} END`),
    ])
    await db
      .insertInto('streams')
      .values({
        ...{ dev, cam, boot, start: startOf(dev, cam, boot, due === 'all' ? 0 : Math.max(...seqs) + 1) },
        ...{ ...NEVER, thinned: Number(thinned), closed: 0, ...to },
      })
      .onConflict((conflict) =>
        conflict.columns(['dev', 'cam', 'boot']).doUpdateSet({
          ...Object.fromEntries(further),
          closed: sql.raw(`CASE WHEN ${rises} THEN 0 ELSE streams.closed END`),
          start: sql`CASE WHEN ${sql.lit(due === 'all')} THEN 0 ELSE streams.start END`,
          thinned: sql`CASE WHEN excluded.thinned > streams.thinned THEN excluded.thinned ELSE streams.thinned END`,
        }),
      )
      .execute()
  }
}

/** Retained messages come again at each connection, and to each collector: what is no change is left out. */
async function noteChange(
  db: Kysely<Tables>,
  message: Extract<StateMessage, { what: 'state' | 'camera' }>,
): Promise<void> {
  const { dev, state } = message
  const cam = message.what === 'camera' ? message.cam : null
  const row = {
    dev,
    cam,
    at: message.what === 'camera' ? message.since : message.at,
    state,
    reason: message.reason ?? null,
  }
  const last = await db
    .selectFrom('state_changes')
    .select(['state', 'reason'])
    .where('dev', '=', dev)
    .where('cam', cam === null ? 'is' : '=', cam)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (last?.state === row.state && last.reason === row.reason) return
  await db.insertInto('state_changes').values(row).execute()
}

/** So many are kept, the newest, and of each so many bytes. */
const MOST_REJECTS = 10_000
const MOST_BYTES = 256 * 1024

export async function reject(db: Kysely<Tables>, { at, topic, reason, payload }: Reject): Promise<void> {
  const kept = Buffer.from(payload.subarray(0, MOST_BYTES))
  const row = { at, topic: storable(topic), reason: storable(reason), bytes: payload.length, payload: kept }
  const { id } = await db.insertInto('rejects').values(row).returning('id').executeTakeFirstOrThrow()
  await db
    .deleteFrom('rejects')
    .where('id', '<=', id - MOST_REJECTS)
    .execute()
}

/** PostgreSQL takes no NUL in a text. */
const storable = (text: string): string => text.replaceAll('\0', '\uFFFD').slice(0, 2000)

export const audit = async (db: Kysely<Tables>, { at, who, dev, cam, from, to, ref }: Audit): Promise<void> =>
  void (await db.insertInto('audits').values({ at, who, dev, cam, from_time: from, to_time: to, ref }).execute())

/** The newest first. */
export async function audits(db: Kysely<Tables>, limit: number): Promise<Audit[]> {
  const rows = await db.selectFrom('audits').selectAll().orderBy('id', 'desc').limit(limit).execute()
  return rows.map(({ id: _, from_time, to_time, ...rest }) => ({ ...rest, from: from_time, to: to_time }))
}

export async function lease(
  db: Kysely<Tables>,
  engine: Engine,
  name: string,
  holder: string,
  seconds: number,
): Promise<boolean> {
  const until = sql<string>`${sql.raw(engine.secondsAhead(seconds))}`
  const rows = await db
    .insertInto('leases')
    .values({ name, holder, until })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet({ holder, until })
        .where(sql<boolean>`leases.holder = ${holder} OR leases.until <= ${sql.raw(engine.secondsAhead(0))}`),
    )
    .returning('holder')
    .execute()
  return rows.length > 0
}

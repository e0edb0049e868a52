/** Questions to the store: events, segments, activity, results, devices. Pages go by the time and name of their last item. */
import { type Kysely, sql } from 'kysely'
import { readRecord } from '../../codec/index.js'
import type { EventMessage } from '../../contract/messages.js'
import { streamColumns, streamOf } from './coverage.js'
import type { Engine } from './engine.js'
import { sealedOf } from './sealing.js'
import type {
  DeviceRow,
  EventQuery,
  EventRow,
  Page,
  ResultRow,
  Sealed,
  SegmentRow,
  Stream,
  TimeRange,
  Totals,
} from './store.js'
import { kindNames, type Tables } from './tables.js'

export async function eventsOf(db: Kysely<Tables>, query: EventQuery): Promise<Page<EventRow>> {
  const { limit, newestFirst = false } = query
  const way = newestFirst ? 'desc' : 'asc'
  let rows = db.selectFrom('events').select(['dev', 'id', 'since', 'ended', 'payload'])
  for (const column of ['dev', 'cam', 'class', 'zone'] as const)
    if (query[column] !== undefined) rows = rows.where(column, '=', query[column])
  if (query.event !== undefined) rows = rows.where('id', '=', query.event)
  // Those that had not ended by then, and had begun by then.
  if (query.from !== undefined)
    rows = rows.where(({ or, eb }) => or([eb('until', '>=', query.from!), eb('ended', '=', 0)]))
  if (query.to !== undefined) rows = rows.where('since', '<=', query.to)
  if (query.cursor !== undefined) {
    const [since, dev, id] = query.cursor.split('|')
    rows = rows.where(sql<boolean>`(since, dev, id) ${sql.raw(newestFirst ? '<' : '>')} (${since}, ${dev}, ${id})`)
  }
  const found = await rows.orderBy('since', way).orderBy('dev', way).orderBy('id', way).limit(limit).execute()
  const items = found.map(({ ended, since, payload }) => eventOf(JSON.parse(payload), ended === 1, since))
  const last = found.at(-1)
  return { items, ...(found.length === limit && last && { cursor: `${last.since}|${last.dev}|${last.id}` }) }
}

const eventOf = (event: EventMessage, ended: boolean, filed: string): EventRow => {
  const { dev, cam, id, class: of, label, zone, since, until, peak, bits, clk } = event
  const times = clk === 'unsynced' ? { since: filed, until: filed } : { since, until }
  return { dev, cam, id, class: of, label, zone, ...times, ended, peak, bits }
}

/** Those that lie in streams of the question: sealed ones, and what of the others is here. In the order of their begin. */
export async function segmentsOf(db: Kysely<Tables>, query: TimeRange): Promise<Page<SegmentRow>> {
  const { limit, from, to, cursor } = query
  let sealed = db
    .selectFrom('segments')
    .innerJoin('streams', 'streams.id', 'segments.stream')
    .select(['dev', 'cam', 'boot', 'seq', 'last_seq', 'frames', 'from_time', 'to_time', 'bytes', 'bundle'])
    .where('lost', '=', 0)
  if (query.dev !== undefined) sealed = sealed.where('dev', '=', query.dev)
  if (query.cam !== undefined) sealed = sealed.where('cam', '=', query.cam)
  if (from !== undefined) sealed = sealed.where('to_time', '>=', from)
  if (to !== undefined) sealed = sealed.where('from_time', '<=', to)
  if (cursor !== undefined) {
    const [time, name] = cursor.split('|')
    sealed = sealed.where(
      sql<boolean>`(from_time > ${time} OR (from_time = ${time} AND dev || '/' || cam || '/' || boot > ${name}))`,
    )
  }
  const rows = await sealed.orderBy('from_time').orderBy(sql`dev || '/' || cam || '/' || boot`).limit(limit).execute()
  const items = rows.map(
    ({ dev, cam, boot, seq, last_seq, frames, from_time, to_time, bytes, bundle }): SegmentRow => ({
      ...{ dev, ref: `${cam}/${boot}/${seq}`, last: last_seq, frames, from: from_time, to: to_time, bytes, bundle },
      sealed: true,
    }),
  )
  if (rows.length === limit) {
    const { from_time, dev, cam, boot } = rows.at(-1)!
    return { items, cursor: `${from_time}|${dev}/${cam}/${boot}` }
  }
  // The newest lie one by one still, and are few.
  return { items: [...items, ...(await looseSegments(db, query))] }
}

async function looseSegments(db: Kysely<Tables>, { dev, cam, from, to }: TimeRange): Promise<SegmentRow[]> {
  let query = db
    .selectFrom('records')
    .innerJoin('streams', 'streams.id', 'records.stream')
    .select(['dev', 'cam', 'boot', 'seq', 'position', 'time', sql<number>`length(bytes)`.as('length')])
    // The bundle stands in the keyframe, which alone has to be read.
    .select(sql<Uint8Array | null>`CASE WHEN position = 0 THEN bytes END`.as('key'))
  if (dev !== undefined) query = query.where('dev', '=', dev)
  if (cam !== undefined) query = query.where('cam', '=', cam)
  const found: (SegmentRow & { upTo: number })[] = []
  for (const row of await query.orderBy('stream').orderBy('seq').execute()) {
    const { position, time, seq, length, key } = row
    const open = found.at(-1)
    if (key) {
      const bundle = readRecord(key).frame?.bundle ?? ''
      const ref = `${row.cam}/${row.boot}/${seq}`
      const first = { from: time, to: time, bytes: length, bundle, sealed: false, upTo: seq }
      found.push({ dev: row.dev, ref, last: seq, frames: 1, ...first })
    } else if (open && open.ref === `${row.cam}/${row.boot}/${seq - position}` && open.upTo === seq - 1) {
      const frames = { frames: open.frames + 1, bytes: open.bytes + length }
      found[found.length - 1] = { ...open, last: seq, to: time, upTo: seq, ...frames }
    }
  }
  return found
    .filter((one) => (from === undefined || one.to >= from) && (to === undefined || one.from <= to))
    .map(({ upTo: _, ...row }) => row)
    .sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0))
}

export async function findFrame(
  db: Kysely<Tables>,
  dev: string,
  cam: string,
  boot: string,
  seq: number,
): Promise<{ stream: Stream; sealed?: Sealed } | undefined> {
  const of = db.selectFrom('streams').select(streamColumns)
  const row = await of.where('dev', '=', dev).where('cam', '=', cam).where('boot', '=', boot).executeTakeFirst()
  if (!row) return undefined
  const segment = await db
    .selectFrom('segments')
    .selectAll()
    .where('stream', '=', row.id)
    .where('seq', '<=', seq)
    .where('last_seq', '>=', seq)
    .where('lost', '=', 0)
    .executeTakeFirst()
  return { stream: streamOf(row), ...(segment && { sealed: sealedOf(segment) }) }
}

/** The parts of a time that have any frames are counted where they lie: a day of one camera is hundreds of thousands. */
export async function activityOf(
  db: Kysely<Tables>,
  engine: Engine,
  dev: string,
  cam: string,
  from: string,
  to: string,
  parts: number,
): Promise<{ frames: number; motion: number }[]> {
  const first = Date.parse(from) / 1000
  const part = (Date.parse(to) / 1000 - first) / parts
  const at = sql<number>`floor((${sql.raw(engine.secondsOf('time'))} - ${sql.lit(first)}) / ${sql.lit(part)})`
  const rows = await db
    .selectFrom('results')
    .innerJoin('streams', 'streams.id', 'results.stream')
    .select(({ fn }) => [
      at.as('part'),
      'kind',
      fn.countAll<number>().as('frames'),
      fn.max<number | null>('motion').as('motion'),
    ])
    .where('dev', '=', dev)
    .where('cam', '=', cam)
    .where('time', '>=', from)
    .where('time', '<', to)
    .where('last_time', '>=', from)
    .where('first_time', '<', to)
    .groupBy(['part', 'kind'])
    .execute()
  const activity = Array.from({ length: parts }, () => ({ frames: 0, motion: 0 }))
  for (const { part, frames, motion } of rows) {
    const one = activity[Math.min(parts - 1, Math.max(0, part))]
    // A frame has a row of each kind: those of one kind are its frames.
    one.frames = Math.max(one.frames, frames)
    one.motion = Math.max(one.motion, motion ?? 0)
  }
  return activity
}

export async function resultsOf(
  db: Kysely<Tables>,
  dev: string,
  cam: string,
  boot: string,
  from: number,
  to: number,
): Promise<ResultRow[]> {
  const rows = await db
    .selectFrom('results')
    .innerJoin('streams', 'streams.id', 'results.stream')
    .select(['seq', 'kind', 'time', 'payload'])
    .where('dev', '=', dev)
    .where('cam', '=', cam)
    .where('boot', '=', boot)
    .where('seq', '>=', from)
    .where('seq', '<=', to)
    .orderBy('seq')
    .execute()
  return rows.map(({ seq, kind, time, payload }) => ({
    seq,
    kind: kindNames[kind] as 'cls' | 'seg',
    time,
    json: payload,
  }))
}

export async function devicesOf(db: Kysely<Tables>): Promise<DeviceRow[]> {
  const [devices, cameras, newest] = await Promise.all([
    db.selectFrom('devices').selectAll().orderBy('dev').execute(),
    db.selectFrom('cameras').selectAll().orderBy('dev').orderBy('cam').execute(),
    db
      .selectFrom('streams')
      .select(({ fn }) => ['dev', 'cam', fn.max<string>('last_time').as('last')])
      .whereRef('last_time', '>=', 'first_time')
      .groupBy(['dev', 'cam'])
      .execute(),
  ])
  const lasts = new Map(newest.map(({ dev, cam, last }) => [`${dev}/${cam}`, last]))
  return devices.map(({ dev, state, reason, at, info, health }) => ({
    ...{ dev, state, reason, at, info, health },
    cameras: cameras
      .filter((camera) => camera.dev === dev)
      .map(({ dev: _, ...camera }) => ({ ...camera, last: lasts.get(`${dev}/${camera.cam}`) ?? null })),
  }))
}

export async function totalsOf(db: Kysely<Tables>, engine: Engine): Promise<Totals> {
  const count = async (table: 'devices' | 'cameras' | 'events' | 'records' | 'segments' | 'rejects') =>
    (
      await db
        .selectFrom(table)
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .executeTakeFirstOrThrow()
    ).n
  const [devices, cameras, events, records, segments, rejects] = [
    await count('devices'),
    await count('cameras'),
    await count('events'),
    await count('records'),
    await count('segments'),
    await count('rejects'),
  ]
  return { devices, cameras, results: await engine.countResults(db), events, records, segments, rejects }
}

/** What is here of each stream, what is missing, and what will never come. */
import { type Kysely, sql, type Transaction } from 'kysely'
import type { ResultKind } from '../../contract/topics.js'
import { countOf, Sequence, type Span } from '../listen/sequence.js'
import type { Coverage, CoverageFilter, Stream } from './store.js'
import { ends, type Kind, kindNames, kinds, type Tables } from './tables.js'

export const streamColumns = [
  'id',
  'dev',
  'cam',
  'boot',
  'start',
  'first_time as first',
  'last_time as last',
  'thinned',
  'closed',
  // A run is over when its box is in another one. Where it has not said so, when a later one of its camera has begun.
  sql<number>`CASE WHEN COALESCE((SELECT d.boot <> streams.boot FROM devices d WHERE d.dev = streams.dev),
    EXISTS (SELECT 1 FROM streams l WHERE l.dev = streams.dev AND l.cam = streams.cam
    AND l.last_time > streams.last_time)) THEN 1 ELSE 0 END`.as('over'),
] as const

export const streamOf = ({
  id,
  dev,
  cam,
  boot,
  start,
  first,
  last,
  thinned,
  over,
  closed,
}: Omit<Stream, 'thinned' | 'over' | 'closed'> & { thinned: number; over: number; closed: number }): Stream => ({
  ...{ id, dev, cam, boot, start, first, last },
  thinned: thinned === 1,
  over: over === 1,
  closed: closed === 1,
})

export async function coverageOf(db: Kysely<Tables>, { dev, closed, loose }: CoverageFilter = {}): Promise<Coverage[]> {
  let wanted = db.selectFrom('streams').select('id')
  if (dev !== undefined) wanted = wanted.where('dev', '=', dev)
  if (closed === false) wanted = wanted.where('closed', '=', 0)
  if (loose) wanted = wanted.where('id', 'in', db.selectFrom('records').select('stream').distinct())
  const columns = [...streamColumns, ...Object.values(ends)] as const
  const rows = db.selectFrom('streams').select(columns).where('id', 'in', wanted)
  const streams = await rows.orderBy('dev').orderBy('cam').orderBy('first_time').execute()
  const [spans, gone] = await Promise.all([
    db
      .selectFrom('spans')
      .selectAll()
      .where('kind', 'in', Object.values(kinds))
      .where('stream', 'in', wanted)
      .orderBy('from_seq')
      .$narrowType<{ kind: Kind }>()
      .execute(),
    db.selectFrom('gone').selectAll().where('stream', 'in', wanted).orderBy('from_seq').execute(),
  ])
  const of = <T extends { stream: number; kind: Kind }>(rows: readonly T[]) => {
    const found = new Map<string, T[]>()
    for (const row of rows) {
      const name = `${row.stream}/${row.kind}`
      const list = found.get(name)
      if (list) list.push(row)
      else found.set(name, [row])
    }
    return found
  }
  const here = of(spans)
  const never = of(gone)
  return streams.flatMap((row) => {
    const stream = streamOf(row)
    return Object.values(kinds).flatMap((kind): Coverage[] => {
      const seen = (here.get(`${stream.id}/${kind}`) ?? []).map(spanOf)
      const lost = (never.get(`${stream.id}/${kind}`) ?? []).map((row) => ({ ...spanOf(row), reason: row.reason }))
      const end = row[ends[kind]]
      if (seen.length + lost.length === 0 && end < 0) return []
      const holes = new Sequence(seen).holes(stream.start)
      const next = Math.max(stream.start, (seen.at(-1)?.to ?? -1) + 1)
      // Of a run that leaves frames out only this one is known to have gone out; it tells of the ones before.
      if (end >= next) holes.push({ from: stream.thinned ? end : next, to: end })
      const missing = without(holes, lost)
      const newest = seen.at(-1)?.to ?? -1
      const last = Math.max(end, newest)
      return [
        {
          stream,
          kind: kindNames[kind],
          frames: countOf(seen),
          seen: newest,
          last,
          missing,
          gone: lost,
        },
      ]
    })
  })
}

const spanOf = ({ from_seq, to_seq }: { from_seq: number; to_seq: number }): Span => ({ from: from_seq, to: to_seq })

/** @param spans and @param others in their order */
export function without(spans: readonly Span[], others: readonly Span[]): Span[] {
  return spans.flatMap((span) => {
    const left: Span[] = []
    let { from } = span
    for (const other of others) {
      if (other.to < from || other.from > span.to) continue
      if (other.from > from) left.push({ from, to: other.from - 1 })
      from = Math.max(from, other.to + 1)
    }
    if (from <= span.to) left.push({ from, to: span.to })
    return left
  })
}

/** Joined with what was gone before. What has come all the same stays where it is: whoever asks looks there first. */
export async function noteGone(
  db: Kysely<Tables>,
  stream: number,
  of: readonly ResultKind[],
  spans: readonly Span[],
  reason: string,
  at: string,
): Promise<void> {
  const rows = of
    .filter((kind) => kind !== 'evt')
    .flatMap((kind) =>
      spans.map(({ from, to }) => ({ stream, kind: kinds[kind], from_seq: from, to_seq: to, reason, at })),
    )
  if (rows.length === 0) return
  await db
    .insertInto('gone')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['stream', 'kind', 'from_seq']).doUpdateSet({
        to_seq: sql`CASE WHEN excluded.to_seq > gone.to_seq THEN excluded.to_seq ELSE gone.to_seq END`,
        at,
      }),
    )
    .execute()
}

export const closeStream = async (db: Kysely<Tables>, stream: number): Promise<void> =>
  void (await db.updateTable('streams').set({ closed: 1 }).where('id', '=', stream).execute())

/** Nothing is committed or sealed for the stream until this transaction ends. */
export const hold = (tx: Transaction<Tables>, stream: number) =>
  tx.updateTable('streams').set({ closed: sql`closed` }).where('id', '=', stream).execute()

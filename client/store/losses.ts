/** What was noted as here and is not, or is of no use: what is noted follows what is there. */
import { type Kysely, type SelectQueryBuilder, sql, type Transaction } from 'kysely'
import { countOf, Sequence, type Span } from '../listen/sequence.js'
import { hold, noteGone, without } from './coverage.js'
import { enlist, spansOf, unlist } from './spans.js'
import { reject } from './states.js'
import type { Absent, AbsentResults, CoverageFilter, Placed, Store, Unsure } from './store.js'
import { ends, type Kind, kinds, passed, passedResults, type Tables } from './tables.js'

/** Read at once. */
const SEQS = 50_000

/** They go, and are noted as gone in the place of here, so that one that comes again is kept. */
export async function forgetRecords(
  db: Kysely<Tables>,
  stream: number,
  seqs: readonly number[],
  reason: string,
  at: string,
  lacking: readonly number[] = [],
): Promise<number> {
  if (seqs.length === 0) return 0
  return db.transaction().execute(async (tx) => {
    await hold(tx, stream)
    // It came while whoever says so was held up.
    for (const seq of lacking) if ((await lying(tx, stream, { from: seq, to: seq })).length > 0) return 0
    const records = tx.deleteFrom('records').where('stream', '=', stream).where('seq', 'in', seqs)
    const taken = (await records.returning('seq').execute()).map(({ seq }) => seq)
    const spans = joined(taken)
    await unlist(tx, stream, kinds.bits, spans)
    const known = await spansOf(tx, 'gone', stream, kinds.bits)
    await noteGone(tx, stream, ['bits'], without(spans, known), reason, at)
    return taken.length
  })
}

export const setAside = (db: Kysely<Tables>, stream: number, seq: number, reason: string, at: string): Promise<void> =>
  db.transaction().execute(async (tx) => {
    await hold(tx, stream)
    const record = tx.deleteFrom('records').where('stream', '=', stream).where('seq', '=', seq)
    const taken = await record.returning('bytes').executeTakeFirst()
    if (!taken) return
    const { dev, cam, boot } = await tx
      .selectFrom('streams')
      .select(['dev', 'cam', 'boot'])
      .where('id', '=', stream)
      .executeTakeFirstOrThrow()
    const topic = `${dev}/${cam}/bits`
    await reject(tx, { at, topic, reason: `${boot} #${seq}: ${reason}`, payload: taken.bytes })
    await missBits(tx, stream, { from: seq, to: seq })
  })

export const recant = (db: Kysely<Tables>, stream: number, span: Span): Promise<number> =>
  db.transaction().execute(async (tx) => {
    await hold(tx, stream)
    return missBits(tx, stream, span)
  })

/** @param span of bitstreams that are noted as here @returns how many of them are not */
const missBits = async (tx: Transaction<Tables>, stream: number, span: Span): Promise<number> =>
  missAgain(tx, stream, kinds.bits, without([span], await lying(tx, stream, span)))

/** @param absent that are noted as here @returns how many */
async function missAgain(
  tx: Transaction<Tables>,
  stream: number,
  kind: Kind,
  absent: readonly Span[],
): Promise<number> {
  const last = absent.at(-1)
  if (!last) return 0
  await unlist(tx, stream, kind, absent)
  const column = ends[kind]
  // Its box is asked for what is missing only while it is open.
  await tx
    .updateTable('streams')
    .set({ closed: 0, [column]: sql.raw(`CASE WHEN ${column} < ${last.to} THEN ${last.to} ELSE ${column} END`) })
    .where('id', '=', stream)
    .execute()
  return countOf(absent)
}

/** Its row stays: what was only away may be there again. */
export const lose = (db: Kysely<Tables>, stream: number, seq: number, place: string): Promise<number> =>
  db.transaction().execute(async (tx) => {
    await hold(tx, stream)
    const last = await setLost(tx, stream, seq, place, 1)
    return last === undefined ? 0 : missBits(tx, stream, { from: seq, to: last })
  })

export const regain = (db: Kysely<Tables>, stream: number, seq: number, place: string): Promise<boolean> =>
  db.transaction().execute(async (tx) => {
    await hold(tx, stream)
    const last = await setLost(tx, stream, seq, place, 0)
    if (last === undefined) return false
    await enlist(tx, stream, kinds.bits, [{ from: seq, to: last }])
    const records = tx.deleteFrom('records').where('stream', '=', stream)
    await records.where('seq', '>=', seq).where('seq', '<=', last).execute()
    return true
  })

/** @returns the last seq of the segment; undefined: it is so already, or lies at another place by now */
async function setLost(
  tx: Transaction<Tables>,
  stream: number,
  seq: number,
  place: string,
  lost: 0 | 1,
): Promise<number | undefined> {
  const segment = tx.updateTable('segments').set({ lost }).where('stream', '=', stream).where('seq', '=', seq)
  const changed = segment.where('place', '=', place).where('lost', '=', 1 - lost)
  return (await changed.returning('last_seq').executeTakeFirst())?.last_seq
}

export async function placedSegments(
  db: Kysely<Tables>,
  { dev, after, limit }: Parameters<Store['placed']>[0],
): Promise<Placed[]> {
  let rows = db
    .selectFrom('segments')
    .select(['stream', 'seq', 'place', 'sha256', 'lost'])
    .where('place', 'is not', null)
    .$narrowType<{ place: string }>()
  if (dev !== undefined) rows = rows.where('stream', 'in', db.selectFrom('streams').select('id').where('dev', '=', dev))
  if (after) rows = rows.where(sql<boolean>`(stream, seq) > (${after.stream}, ${after.seq})`)
  const found = await rows.orderBy('stream').orderBy('seq').limit(limit).execute()
  return found.map(({ lost, ...row }) => ({ ...row, lost: lost === 1 }))
}

/** Results that are noted as here and are not, as `absentOf` has it of bitstreams. */
export async function absentResults(
  db: Kysely<Tables>,
  { dev }: Pick<CoverageFilter, 'dev'> = {},
): Promise<AbsentResults[]> {
  let streams = db.selectFrom('streams').select('id')
  if (dev !== undefined) streams = streams.where('dev', '=', dev)
  const found: AbsentResults[] = []
  for (const { id: stream } of await streams.orderBy('id').execute())
    for (const kind of ['cls', 'seg'] as const) {
      // One state of both tables, while a collector goes on.
      const one = await db
        .transaction()
        .setIsolationLevel('repeatable read')
        .execute((tx) => absentOfKind(tx, stream, kinds[kind]))
      if (one) found.push({ stream, kind, ...one })
    }
  return found
}

async function absentOfKind(tx: Transaction<Tables>, stream: number, kind: 1 | 2) {
  const from = await provenFrom(tx, stream)
  const before = from > 0 ? [{ from: 0, to: from - 1 }] : []
  const all = await spansOf(tx, 'spans', stream, kind)
  if (all.length === 0) return undefined
  const noted = without(all, before)
  const due = without(noted, await spansOf(tx, 'spans', stream, passedResults[kind]))
  const rows = tx.selectFrom('results').where('stream', '=', stream).where('kind', '=', kind).where('seq', '>=', from)
  const { n } = await rows.select(({ fn }) => fn.countAll<number>().as('n')).executeTakeFirstOrThrow()
  const lost = n < countOf(due) ? without(due, await seqsOf(rows)) : []
  return { lost, leftOut: countOf(noted) - countOf(due), ...unsureOf(from, all, noted) }
}

function unsureOf(before: number, noted: readonly Span[], kept: readonly Span[]): { readonly unsure?: Unsure } {
  const count = countOf(noted) - countOf(kept)
  return count > 0 ? { unsure: { before, count } } : {}
}

/** Forgetting goes on beside whoever looks: read with what it is said of. */
async function provenFrom(tx: Transaction<Tables>, stream: number): Promise<number> {
  const row = tx.selectFrom('streams').select('results_from as from').where('id', '=', stream)
  return (await row.executeTakeFirst())?.from ?? Number.MAX_SAFE_INTEGER
}

/** Page by page: a run may have millions. */
async function seqsOf(rows: SelectQueryBuilder<Tables, 'results', object>): Promise<Span[]> {
  const sequence = new Sequence()
  for (let after = -1; ; ) {
    const page = await rows.select('seq').where('seq', '>', after).orderBy('seq').limit(SEQS).execute()
    for (const { seq } of page) sequence.add(seq)
    if (page.length < SEQS) return sequence.spans
    after = page.at(-1)!.seq
  }
}

/** Those of them that are not here are missing again. */
export const recantResults = (db: Kysely<Tables>, stream: number, kind: 'cls' | 'seg', span: Span): Promise<number> =>
  db.transaction().execute(async (tx) => {
    await hold(tx, stream)
    const rows = tx.selectFrom('results').where('stream', '=', stream).where('kind', '=', kinds[kind])
    const there = await seqsOf(rows.where('seq', '>=', span.from).where('seq', '<=', span.to))
    const forgotten = { from: 0, to: (await provenFrom(tx, stream)) - 1 }
    return missAgain(tx, stream, kinds[kind], without(without([span], there), [forgotten]))
  })

export async function absentOf(
  db: Kysely<Tables>,
  { dev, closed }: Parameters<Store['absent']>[0] = {},
): Promise<Map<number, Absent>> {
  const found = new Map<number, Absent>()
  // One state of all tables, while a collector goes on: what it seals now must be in one of the two.
  await db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      let streams = tx.selectFrom('streams').select(['id', 'kept_from'])
      if (dev !== undefined) streams = streams.where('dev', '=', dev)
      if (closed === false) streams = streams.where('closed', '=', 0)
      for (const { id, kept_from } of await streams.orderBy('id').execute()) {
        const listed = await spansOf(tx, 'spans', id, kinds.bits)
        if (listed.length === 0) continue
        const before = kept_from > 0 ? [{ from: 0, to: kept_from - 1 }] : []
        const all = { from: listed[0].from, to: listed.at(-1)!.to }
        const kept = without(listed, before)
        const absent = without(kept, await lying(tx, id, all))
        const unsure = unsureOf(kept_from, listed, kept)
        if (absent.length > 0 || unsure.unsure) found.set(id, { ...(await explained(tx, id, absent)), ...unsure })
      }
    })
  return found
}

async function explained(tx: Transaction<Tables>, stream: number, absent: readonly Span[]): Promise<Absent> {
  const rows = await tx
    .selectFrom('spans')
    .select(['kind', 'from_seq as from', 'to_seq as to'])
    .where('stream', '=', stream)
    .where('kind', 'in', Object.values(passed))
    .orderBy('from_seq')
    .execute()
  const untold = without(
    absent,
    rows.filter(({ kind }) => kind === passed.told),
  )
  const lost = without(untold, rows)
  return { lost, unproven: without(untold, lost), leftOut: countOf(absent) - countOf(untold) }
}

/** What is sealed or lies one by one, of a range. */
async function lying(tx: Transaction<Tables>, stream: number, { from, to }: Span): Promise<Span[]> {
  const sealed = await tx
    .selectFrom('segments')
    .select(['seq as from', 'last_seq as to'])
    .where('stream', '=', stream)
    .where('lost', '=', 0)
    .where('seq', '<=', to)
    .where('last_seq', '>=', from)
    .execute()
  const loose = await tx
    .selectFrom('records')
    .select('seq')
    .where('stream', '=', stream)
    .where('seq', '>=', from)
    .where('seq', '<=', to)
    .orderBy('seq')
    .execute()
  return [...sealed, ...joined(loose.map(({ seq }) => seq))].sort((a, b) => a.from - b.from)
}

function joined(seqs: readonly number[]): Span[] {
  const sequence = new Sequence()
  for (const seq of [...seqs].sort((a, b) => a - b)) sequence.add(seq)
  return sequence.spans
}

/** Which seqs of a stream are noted: read, added to, taken from. */
import { sql, type Transaction } from 'kysely'
import { Sequence, type Span } from '../listen/sequence.js'
import { without } from './coverage.js'
import type { Kind, PassedKind, Tables } from './tables.js'

type Tx = Transaction<Tables>

/** Which are noted as here, or as gone. */
export const spansOf = (tx: Tx, table: 'spans' | 'gone', stream: number, kind: Kind | PassedKind): Promise<Span[]> =>
  tx
    .selectFrom(table)
    .select(['from_seq as from', 'to_seq as to'])
    .where('stream', '=', stream)
    .where('kind', '=', kind as Kind)
    .orderBy('from_seq')
    .execute()

/** @returns those of them that were not noted before */
export async function enlist(tx: Tx, stream: number, kind: Kind, spans: readonly Span[]): Promise<Span[]> {
  const known = await spansOf(tx, 'spans', stream, kind)
  const fresh = without(spans, known)
  const sequence = new Sequence(known.map((span) => ({ ...span })))
  for (const { from, to } of fresh) sequence.add(to, from)
  await writeSpans(tx, stream, kind, known, sequence.spans)
  return fresh
}

export async function unlist(tx: Tx, stream: number, kind: Kind, seqs: readonly Span[]): Promise<void> {
  for (const { from, to } of seqs) {
    const cut = await tx
      .deleteFrom('spans')
      .where('stream', '=', stream)
      .where('kind', '=', kind)
      .where('from_seq', '<=', to)
      .where('to_seq', '>=', from)
      .returning(['from_seq as from', 'to_seq as to'])
      .execute()
    const left = without(
      cut.sort((a, b) => a.from - b.from),
      [{ from, to }],
    )
    if (left.length > 0)
      await tx
        .insertInto('spans')
        .values(left.map((span) => ({ stream, kind, from_seq: span.from, to_seq: span.to })))
        .execute()
  }
}

export async function writeSpans(
  tx: Tx,
  stream: number,
  kind: Kind | PassedKind,
  before: readonly Span[],
  after: readonly Span[],
): Promise<void> {
  const old = new Map(before.map(({ from, to }) => [from, to]))
  const kept = new Set(after.map(({ from }) => from))
  const ended = [...old.keys()].filter((from) => !kept.has(from))
  const changed = after.filter(({ from, to }) => old.get(from) !== to)
  if (ended.length > 0)
    await tx
      .deleteFrom('spans')
      .where('stream', '=', stream)
      .where('kind', '=', kind)
      .where('from_seq', 'in', ended)
      .execute()
  if (changed.length > 0)
    await tx
      .insertInto('spans')
      .values(changed.map(({ from, to }) => ({ stream, kind, from_seq: from, to_seq: to })))
      .onConflict((conflict) =>
        conflict.columns(['stream', 'kind', 'from_seq']).doUpdateSet({ to_seq: sql`excluded.to_seq` }),
      )
      .execute()
}

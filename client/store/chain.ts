/** Messages of one kind of a run, by seq: which of them are new, and what they say of those that will not come. */
import { meet, Sequence, type Span } from '../listen/sequence.js'
import { without } from './coverage.js'

export interface Link {
  readonly seq: number
  readonly prev: number | null | undefined
  readonly asked: boolean
  readonly record?: { readonly position: number }
}

export interface Chained<T> {
  readonly fresh: readonly T[]
  readonly spans: Span[]
  /** Seqs that were left out, and that nobody has told of. */
  readonly told: readonly Span[]
  readonly untold: readonly Span[]
}

/**
 * @param known which are here, or were passed over
 * @param untold of those the ones that nobody has told of: one that comes all the same is kept
 * @param thinned whether the run leaves frames out
 */
export function addAll<T extends Link>(
  chain: readonly T[],
  known: readonly Span[],
  untold: readonly Span[],
  thinned: boolean,
): Chained<T> {
  const sequence = new Sequence(known.map((span) => ({ ...span })))
  const fresh: T[] = []
  const over: { told: Span[]; untold: Span[] } = { told: [], untold: [...untold] }
  for (const item of chain) {
    const { seq } = item
    if (meet(over.untold, { from: seq, to: seq })) {
      // It came late: history, when live ones had come before.
      over.untold = without(over.untold, [{ from: seq, to: seq }])
      if (meet(sequence.spans, { from: seq, to: seq })) {
        fresh.push(item)
        continue
      }
    }
    const by = item.prev === undefined ? 'untold' : 'told'
    const { from, to } = passedBy(item, sequence, thinned)
    const pieces = without([{ from, to }], sequence.spans)
    const touches = to === seq - 1
    if (!sequence.add(seq, touches ? from : seq)) continue
    if (!touches) for (const piece of pieces) sequence.add(piece.to, piece.from)
    over[by].push(...pieces)
    fresh.push(item)
  }
  return { fresh, spans: sequence.spans, ...over }
}

/** Of which seqs the item says that they will not come. */
function passedBy({ seq, prev, asked, record }: Link, sequence: Sequence, thinned: boolean): Span {
  if (prev !== undefined) return { from: (prev ?? -1) + 1, to: seq - 1 }
  // Bitstreams over MQTT 3.1.1 cannot say which ones were left out: that any is missing cannot be known, but for those since its keyframe.
  if (!record || !thinned || asked) return { from: seq, to: seq - 1 }
  const from = sequence.spans.reduce((next, { to }) => (to < seq ? Math.max(next, to + 1) : next), 0)
  return { from, to: seq - record.position - 1 }
}

/** The seq numbers seen of one stream, as merged intervals: memory grows with the gaps, not with the messages. */
export interface Span {
  from: number
  to: number
}

export class Sequence {
  /** @param spans in their order, with a number between any two that is in neither */
  constructor(readonly spans: Span[] = []) {}

  /** With the numbers from `from` on, which will not come. False if `seq` was there already. */
  add(seq: number, from = seq): boolean {
    // New numbers nearly always extend the last span, so the search starts at the end.
    let end = this.spans.length
    while (end > 0 && this.spans[end - 1].from > seq + 1) end--
    let start = end
    while (start > 0 && this.spans[start - 1].to >= from - 1) start--
    const touched = this.spans.slice(start, end)
    if (touched.some((span) => span.from <= seq && seq <= span.to)) return false
    const first = Math.min(from, touched[0]?.from ?? from)
    this.spans.splice(start, end - start, { from: first, to: Math.max(seq, touched.at(-1)?.to ?? seq) })
    return true
  }

  get last(): number {
    return this.spans.at(-1)?.to ?? -1
  }

  /** What is missing from `start` up to the last number seen. */
  holes(start: number): Span[] {
    const holes: Span[] = []
    let next = start
    for (const { from, to } of this.spans) {
      if (from > next) holes.push({ from: next, to: from - 1 })
      next = Math.max(next, to + 1)
    }
    return holes
  }
}

/** Whether any of them has a number of the other. */
export const meet = (spans: readonly Readonly<Span>[], { from, to }: Readonly<Span>): boolean =>
  spans.some((span) => span.from <= to && span.to >= from)

/** Numbers in them. */
export const countOf = (spans: readonly Readonly<Span>[]): number =>
  spans.reduce((sum, { from, to }) => sum + to - from + 1, 0)

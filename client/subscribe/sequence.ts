/** The seq numbers seen of one stream, as merged intervals: memory grows with the gaps, not with the messages. */
export interface Span {
  from: number
  to: number
}

export class Sequence {
  private spans: Span[] = []

  /** False if `seq` was there already. */
  add(seq: number): boolean {
    // New numbers nearly always extend the last span, so the search starts at the end.
    let i = this.spans.length - 1
    while (i >= 0 && this.spans[i].from > seq) i--
    const before = this.spans[i]
    const after = this.spans[i + 1]
    if (before && seq <= before.to) return false
    const joinsBefore = before?.to === seq - 1
    const joinsAfter = after?.from === seq + 1
    if (joinsBefore && joinsAfter) {
      before.to = after.to
      this.spans.splice(i + 1, 1)
    } else if (joinsBefore) before.to = seq
    else if (joinsAfter) after.from = seq
    else this.spans.splice(i + 1, 0, { from: seq, to: seq })
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

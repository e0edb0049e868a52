/**
 * How far an age limit has come. It follows the clock, but never in leaps: a step of the clock, a month in a cupboard or a
 * limit that somebody lowered expires nothing at once. A leap is caught up with from an hour later on, an hour of archive a
 * minute, and only by a clock that is vouched for; until then, and without one, age counts only the time that the box has run.
 */
import type { Moment } from '../clock.js'

/** What may expire at once. */
const AT_ONCE_MS = 60_000
/** Time that a call accounts for at most: calls come every few seconds, and a clock that says otherwise is not believed. */
const MOST_ELAPSED_MS = 60_000
/** A leap must have stood for so long before it is caught up with. */
const SETTLE_MS = 3_600_000
const CATCH_UP = 60

export interface Stored {
  readonly asOfMs: number
  readonly cutoffMs: number
}

export class Horizon {
  private lastMs: number | undefined
  private leaptMs: number | undefined
  private targetMs = Number.NEGATIVE_INFINITY
  private timeMs = Number.NEGATIVE_INFINITY

  constructor(public stored: Stored | undefined) {}

  /** What may expire: everything from before. */
  get cutoffMs(): number {
    return this.stored?.cutoffMs ?? Number.NEGATIVE_INFINITY
  }

  /** By how much the limit has still to catch up. */
  get lagMs(): number {
    if (!this.stored) return 0
    return Math.max(0, this.timeMs - this.stored.asOfMs, this.targetMs - this.stored.cutoffMs)
  }

  /** @param newestMs of the archive: at the first time of all, what is old is told from that */
  advance({ timeMs, bootMs, known, sure }: Moment, maxAgeMs: number, newestMs: number | null): void {
    const elapsed = Math.min(Math.max(0, bootMs - (this.lastMs ?? bootMs)), MOST_ELAPSED_MS)
    this.lastMs = bootMs
    if (!known) return
    const asOfMs = this.asOf(timeMs, bootMs, elapsed, sure, newestMs)
    this.targetMs = asOfMs - maxAgeMs
    const cutoff = this.stored?.cutoffMs ?? this.targetMs
    const near = this.targetMs - cutoff <= AT_ONCE_MS
    this.stored = { asOfMs, cutoffMs: near ? this.targetMs : Math.min(this.targetMs, cutoff + elapsed * CATCH_UP) }
    this.timeMs = timeMs
  }

  private asOf(timeMs: number, bootMs: number, elapsed: number, sure: boolean, newestMs: number | null): number {
    const asOf = this.stored?.asOfMs ?? Math.min(timeMs, newestMs ?? timeMs)
    if (timeMs - asOf <= elapsed + AT_ONCE_MS) {
      this.leaptMs = undefined
      return timeMs
    }
    this.leaptMs ??= bootMs
    const settled = sure && bootMs - this.leaptMs >= SETTLE_MS
    return Math.min(timeMs, asOf + elapsed * (settled ? CATCH_UP : 1))
  }
}

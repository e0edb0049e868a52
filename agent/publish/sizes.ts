/** The size that a broker takes, where it does not say so: learnt from what it refuses and hangs up on. */

/** A size that a broker hung up on is believed for so long. */
const REMEMBERED_MS = 3_600_000

export class Sizes {
  private largestTaken = 0
  private until = 0
  /** So many bytes and more are not taken. */
  tooLarge = Number.POSITIVE_INFINITY

  constructor(private readonly now: () => number = () => performance.now()) {}

  taken(bytes: number): void {
    this.largestTaken = Math.max(this.largestTaken, bytes)
  }

  refused(bytes: number): void {
    this.tooLarge = Math.min(this.tooLarge, bytes)
  }

  /** @returns whether its size may be the reason: none so large was ever taken */
  hungUp(bytes: number): boolean {
    if (bytes <= this.largestTaken) return false
    this.refused(bytes)
    this.until = this.now() + REMEMBERED_MS
    return true
  }

  /** What was refused in words may have been mended; finding out costs one message. */
  connected(): void {
    if (this.now() > this.until) this.tooLarge = Number.POSITIVE_INFINITY
  }
}

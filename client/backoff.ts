/** Waiting times that double up to a limit, each shortened at random so that many clients do not come back at once. */
export class Backoff {
  private attempts = 0

  constructor(
    private readonly firstMs: number,
    private readonly limitMs: number,
    private readonly random: () => number = Math.random,
  ) {}

  /** Milliseconds to wait before the next attempt: between half and all of the doubled time. */
  next(): number {
    const full = Math.min(this.limitMs, this.firstMs * 2 ** this.attempts)
    if (full < this.limitMs) this.attempts++
    return full * (0.5 + this.random() / 2)
  }

  reset(): void {
    this.attempts = 0
  }
}

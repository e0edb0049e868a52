/**
 * Waiting times between attempts: doubling with full jitter, so that boxes that lost the same broker do not come back
 * in step. Timers run on the monotonic clock; a jump of the wall clock changes nothing.
 */
export class Backoff {
  private attempt = 0

  constructor(
    private readonly firstMs: number,
    private readonly mostMs: number,
    private readonly random: () => number = Math.random,
  ) {}

  next(): number {
    const ceiling = Math.min(this.mostMs, this.firstMs * 2 ** this.attempt++)
    return Math.round(ceiling / 2 + (this.random() * ceiling) / 2)
  }

  reset(): void {
    this.attempt = 0
  }
}

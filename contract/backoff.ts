/**
 * Waiting times between attempts, of boxes and of whoever listens to them: doubling up to a limit, each shortened by up to half at
 * random so that those that lost the same broker do not come back in step.
 */
export class Backoff {
  private attempt = 0

  constructor(
    private readonly firstMs: number,
    private readonly mostMs: number,
    private readonly random: () => number = Math.random,
  ) {}

  /** Milliseconds to wait before the next attempt. */
  next(): number {
    const ceiling = Math.min(this.mostMs, this.firstMs * 2 ** this.attempt++)
    return Math.round(ceiling / 2 + (this.random() * ceiling) / 2)
  }

  reset(): void {
    this.attempt = 0
  }
}

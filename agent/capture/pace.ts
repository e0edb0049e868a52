/** Leaves frames out of what comes faster than asked for, and never makes any up; half a frame's time early is early enough. */
export class Pace {
  private dueMs = Number.NEGATIVE_INFINITY
  private readonly everyMs: number

  constructor(fps: number) {
    this.everyMs = 1000 / fps
  }

  /** Whether a frame of this time, by a clock that is never set, is one of those that were asked for. */
  takes(nowMs: number): boolean {
    if (nowMs < this.dueMs - this.everyMs / 2) return false
    this.dueMs = Math.max(this.dueMs, nowMs) + this.everyMs
    return true
  }
}

/** Capture times. The wall clock of a box without a battery starts in the past; results then say so. */

/** No frame can be older than the software; a wall clock before this has not been set yet. */
const EARLIEST_MS = Date.UTC(2026, 0, 1)
/** A step of the wall clock against the monotonic one by more than this marks the frames around it. */
const STEP_MS = 2000

export type ClockState = 'ok' | 'unsynced' | 'restamped'
export interface Stamp {
  /** Microseconds since the Unix epoch, UTC. */
  readonly timeUs: number
  readonly monoNs: bigint
  readonly clk: ClockState
}

export class Clock {
  private offsetMs: number | undefined

  constructor(
    private readonly wallMs: () => number = Date.now,
    private readonly mono: () => bigint = process.hrtime.bigint,
  ) {}

  stamp(): Stamp {
    const wall = this.wallMs()
    const monoNs = this.mono()
    const offset = wall - Number(monoNs / 1_000_000n)
    const stepped = this.offsetMs !== undefined && Math.abs(offset - this.offsetMs) > STEP_MS
    this.offsetMs = offset
    return {
      timeUs: Math.round(wall * 1000),
      monoNs,
      clk: wall < EARLIEST_MS ? 'unsynced' : stepped ? 'restamped' : 'ok',
    }
  }
}

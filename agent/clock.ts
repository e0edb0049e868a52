/**
 * The box's own time line: what time a frame was taken, and whether that is known. It goes on by the monotonic clock and
 * follows the wall clock only while that is believable, so a step of the wall clock moves nothing by itself.
 *
 * Believable: the kernel calls it synchronised, or nobody can say; it is not before this software was installed, nor before
 * what the archive holds; and it has not just leapt. What is not believed at once is believed when it has stood for an hour,
 * unless the kernel says no. Frames taken meanwhile are `unsynced`; whoever keeps them moves them when the time is known.
 */
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { kernelSync, type Sync, uptimeMs } from './clock-sync.js'

export type ClockState = 'ok' | 'unsynced' | 'restamped'

export interface Stamp {
  /** Microseconds since the Unix epoch, UTC. */
  readonly timeUs: number
  /** Since the system started, suspended time included: for what is a duration. */
  readonly bootMs: number
  readonly monoNs: bigint
  readonly clk: ClockState
}

/** A moment of the time line. */
export interface Moment {
  readonly timeMs: number
  readonly bootMs: number
  /** The time is believed. */
  readonly known: boolean
  /** And the kernel, or the configuration, vouches for it. */
  readonly sure: boolean
}

export interface Line {
  /** Time minus the boot clock. */
  readonly offsetMs: number
  readonly known: boolean
  /** Will not turn out to have been wrong: the kernel vouched for it, or it has stood for an hour. */
  readonly final: boolean
}

/** What the archive knows of time when the agent starts. */
export interface Past {
  /** Of the newest frame, taken by a known clock in an earlier start of the system. */
  readonly newestMs: number | null
  /** How this start of the system was timed last. */
  readonly line: Line | null
  /** The known line that this start of the system had left, when `line` is not known. */
  readonly left?: Line | undefined
}

export interface ClockSources {
  wallMs(): number
  monoNs(): bigint
  uptimeMs(): number | undefined
  sync(): Promise<Sync>
  /** When this software was put here: no frame is older. */
  readonly installedMs: number
}

/** The wall clock against the monotonic one: less is slewing, more is a step. */
const STEP_MS = 2000
/** The time line is drawn to the wall clock by so much of the time that passes: it never goes back for that. */
const SLEW = 0.1
/** A believed clock may be this far behind the archive: the agent was started again while NTP drew it back. */
const BEHIND_MS = 60_000
/** How far ahead of all that is known a clock may be that nobody vouches for. */
const FAR_MS = 30 * 86_400_000
/** A clock that has stood for so long without a step is believed, unless the kernel says no. */
const SETTLE_MS = 3_600_000
/** A restarted agent goes on with the time line of the one before when the wall clock is this near to it. */
const RESTART_MS = 60_000
/** How long until the kernel is asked again, by its last answer. */
const ASK_AGAIN_MS = { yes: Number.POSITIVE_INFINITY, no: 20_000, unknown: 600_000, asking: 0 }

export class Clock {
  /** Told of every change that is more than slewing. */
  onChange: ((line: Line) => void) | undefined
  line: Line
  /** The known line that the wall clock has left, while it is not clear which of the two is right. */
  private left: Line | undefined
  private answer: Sync | 'asking'
  private asking: Promise<void> | undefined
  private askedMs = 0
  private wallOffset: number | undefined
  private steadySince = 0
  private decidedMs = Number.POSITIVE_INFINITY
  private suspendedMs = 0
  private uptimeBase: number | undefined
  private floorMs: number
  private newestMs: number | null = null

  constructor(
    private readonly trust: 'auto' | 'always' = 'auto',
    private readonly sources: ClockSources = real,
  ) {
    this.answer = trust === 'always' ? 'yes' : 'asking'
    this.floorMs = sources.installedMs
    const { bootMs, wallMs } = this.read()
    this.line = { offsetMs: Math.max(wallMs, this.floorMs) - bootMs, known: false, final: false }
  }

  /** Before the first frame. */
  begin({ newestMs, line, left }: Past): void {
    this.left = left
    this.newestMs = newestMs
    this.floorMs = Math.max(this.sources.installedMs, newestMs ?? 0)
    const { bootMs, wallMs } = this.read()
    const wallOffset = wallMs - bootMs
    if (!line) this.line = { offsetMs: Math.max(wallMs, this.floorMs) - bootMs, known: false, final: false }
    else if (Math.abs(wallOffset - line.offsetMs) <= RESTART_MS) this.line = { ...line, offsetMs: wallOffset }
    else this.line = line
    this.decide()
    this.onChange?.(this.line)
  }

  stamp(): Stamp {
    const { bootMs, monoNs } = this.decide()
    return this.again({ timeUs: 0, bootMs, monoNs, clk: 'ok' })
  }

  /** The same moment, by what is known now. */
  again(stamp: Stamp): Stamp {
    const timeUs = Math.round((this.line.offsetMs + stamp.bootMs) * 1000)
    return { ...stamp, timeUs, clk: this.line.known ? 'ok' : 'unsynced' }
  }

  now(): Moment {
    const { bootMs } = this.decide()
    const { offsetMs, known } = this.line
    return { timeMs: offsetMs + bootMs, bootMs, known, sure: known && this.answer === 'yes' }
  }

  /** Why the time is known or not, for people. */
  get why(): string {
    const { bootMs, wallMs } = this.read()
    const off = wallMs - bootMs - this.line.offsetMs
    if (this.left) return `the wall clock has stepped by ${days(off)}, and nothing says that it is right`
    if (this.line.known && this.answer !== 'yes')
      return 'nothing says whether the clock is synchronised; it is plausible'
    if (this.line.known) return 'the clock is synchronised'
    if (wallMs < this.floorMs - BEHIND_MS)
      return `the wall clock is ${days(this.floorMs - wallMs)} behind ${this.newestMs === this.floorMs ? 'what the archive holds' : 'the installation of this software'}`
    if (this.answer === 'no') return 'the kernel says that the clock is not synchronised'
    return this.answer === 'asking' ? 'the kernel has not been asked yet' : 'the wall clock is far ahead of the archive'
  }

  /** Every second or so: sees steps while no frames come, and asks the kernel when there is something to ask. */
  async watch(): Promise<void> {
    this.readSuspended()
    const { bootMs } = this.decide()
    if (bootMs - this.askedMs < ASK_AGAIN_MS[this.answer]) return
    this.asking ??= this.ask(bootMs)
    await this.asking
  }

  private async ask(bootMs: number): Promise<void> {
    this.answer = await this.sources.sync()
    this.askedMs = bootMs
    this.asking = undefined
    this.decide()
  }

  private decide() {
    const read = this.read()
    const { bootMs, wallMs } = read
    const offsetMs = wallMs - bootMs
    const most = Math.max(0, bootMs - this.decidedMs) * SLEW
    const slewed = this.line.offsetMs + Math.max(-most, Math.min(most, offsetMs - this.line.offsetMs))
    this.decidedMs = bootMs
    const steady = bootMs - this.steadySince >= SETTLE_MS
    const agrees = Math.abs(offsetMs - this.line.offsetMs) <= STEP_MS
    const sure = this.answer === 'yes'
    if (this.line.known && agrees) {
      this.set({ offsetMs: slewed, known: true, final: this.line.final || sure || steady })
    } else if (this.left && agrees) {
      this.set({ offsetMs: slewed, known: true, final: this.left.final }) // it came back
    } else if (this.believable(wallMs, steady)) {
      this.set({ offsetMs: agrees ? slewed : offsetMs, known: true, final: sure || steady })
    } else if (this.line.known) {
      this.left = this.line
      this.set({ ...this.line, known: false, final: false })
    } else if (!this.left && wallMs >= this.floorMs) {
      this.set({ offsetMs: agrees ? slewed : offsetMs, known: false, final: false })
    }
    return read
  }

  private believable(wallMs: number, steady: boolean): boolean {
    const behind = wallMs < this.floorMs - BEHIND_MS
    if (this.answer === 'yes') return !behind || steady
    if (this.answer !== 'unknown') return false
    // Nothing says which of the two is right, and the one that was known agrees with what has been taken since.
    if (this.line.known || this.left) return steady
    const ahead = this.newestMs !== null && wallMs > this.newestMs + FAR_MS
    return (!behind && !ahead) || steady
  }

  private set(line: Line): void {
    const before = this.line
    this.line = line
    if (line.known) this.left = undefined
    const moved = Math.abs(line.offsetMs - before.offsetMs) > STEP_MS
    if (moved || line.known !== before.known || line.final !== before.final) this.onChange?.(line)
  }

  private read(): { bootMs: number; wallMs: number; monoNs: bigint } {
    const monoNs = this.sources.monoNs()
    const wallMs = this.sources.wallMs()
    const monoMs = Number(monoNs) / 1e6
    const steps = () => Math.abs(wallMs - monoMs - this.suspendedMs - (this.wallOffset ?? Number.NaN)) <= STEP_MS
    // The monotonic clock stands still while the system is suspended; that is no step of the wall clock.
    if (!steps()) this.readSuspended()
    const bootMs = monoMs + this.suspendedMs
    if (!steps()) {
      this.steadySince = bootMs
      // Setting the clock by hand takes the kernel's word back. Where it has none to give there is nothing to wait for.
      if (this.wallOffset !== undefined && this.answer !== 'unknown' && this.trust === 'auto') this.answer = 'asking'
    }
    this.wallOffset = wallMs - bootMs
    return { bootMs, wallMs, monoNs }
  }

  private readSuspended(): void {
    const uptime = this.sources.uptimeMs()
    if (uptime === undefined) return
    const apart = uptime - Number(this.sources.monoNs()) / 1e6
    // Less than the monotonic clock: the uptime of a container, not of the system.
    this.uptimeBase ??= apart < -1000 ? apart : 0
    if (Math.abs(apart - this.uptimeBase - this.suspendedMs) > STEP_MS) this.suspendedMs = apart - this.uptimeBase
  }
}

const days = (ms: number) =>
  Math.abs(ms) < 86_400_000 ? `${(ms / 3_600_000).toFixed(1)} hours` : `${(ms / 86_400_000).toFixed(1)} days`

/** Of releases before the first one with this check. */
const EARLIEST_MS = Date.UTC(2026, 0, 1)

const real: ClockSources = {
  wallMs: Date.now,
  monoNs: process.hrtime.bigint,
  uptimeMs,
  sync: kernelSync,
  // Not the time in the file, which a package may carry: when the file came here.
  installedMs: Math.max(EARLIEST_MS, statSync(fileURLToPath(import.meta.url)).ctimeMs),
}

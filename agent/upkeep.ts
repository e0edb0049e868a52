/** What keeps the archive as it should be, every few seconds: times that have become known, limits, and a word about both. */
import { isoOf } from '../contract/time.js'
import type { ArchiveLimits } from './archive/archive.js'
import type { Evicted } from './archive/evictions.js'
import type { Keeper } from './archive/keeper.js'
import type { Clock, Line } from './clock.js'
import { messageOf } from './errors.js'
import type { Log } from './log.js'

/** Evictions that go on are summed up this often. */
const SAY_MS = 600_000
/** What was wrong is over when it has been right for so many runs: at the edge it comes and goes. */
const GOOD_RUNS = 12

export interface UpkeepEvents {
  /** Frames are timed otherwise from the next one on. */
  timeChanged(): void
  /** `trouble` is another one. */
  troubled(trouble: string): void
}

export class Upkeep {
  /** Frames since the agent started, by reason. */
  readonly evicted: Partial<Record<Evicted['why'], number>> = {}
  /** Evicted last; health says it. */
  lastEviction: Evicted | undefined
  /** What the limits ask for and the disk cannot give; empty: nothing. */
  trouble = ''
  private begun = false
  private untold = false
  private goodRuns = 0
  private known = false
  private ended = false
  private moving = false
  private catchingUp = false
  private readonly unsaid = new Map<Evicted['why'], Evicted>()
  private readonly saidMs = new Map<Evicted['why'], number>()

  constructor(
    private readonly archive: Keeper,
    private readonly clock: Clock,
    private readonly limits: ArchiveLimits,
    private readonly log: Log,
    private readonly events: UpkeepEvents,
    private readonly monoMs = () => performance.now(),
  ) {}

  /** Before the first frame: the clock learns what the archive knows of time, and what the kernel says. */
  async begin(): Promise<void> {
    this.clock.onChange = (line) => this.tell(line)
    this.clock.begin(this.archive.past())
    this.begun = true
    await this.clock.watch()
    this.sayTime()
    this.clock.onChange = (line) => this.timedBy(line)
  }

  private timedBy(line: Line): void {
    const { known } = this
    this.tell(line)
    if (line.known === known && line.final) return // it has only settled
    this.sayTime()
    this.events.timeChanged()
    setImmediate(() => this.run())
  }

  private sayTime(): void {
    const { known } = this.clock.line
    this.known = known
    this.log[known ? 'info' : 'warn']({ known, reason: this.clock.why }, 'clock')
  }

  /** Before the archive's next frame. */
  private tell(line: Line): void {
    try {
      this.untold = true
      this.archive.timedBy(line, this.clock.now().timeMs)
      this.untold = false
    } catch (error) {
      this.log.warn({ reason: messageOf(error) }, 'the archive could not be told of the new time; tried again')
    }
  }

  /** Another database is there: it is told before its first frame. */
  opened(): void {
    if (this.begun) this.tell(this.clock.line)
  }

  run(): void {
    if (this.ended) return
    if (this.untold) this.tell(this.clock.line)
    const before = this.archive.counters.restamped
    const done = this.archive.upkeep()
    const { restamped } = this.archive.counters
    if (restamped > before) this.moving = true
    if (done && this.moving) {
      this.moving = false
      this.log.info({ frames: restamped }, 'frames have been moved to their right time')
    }
    if (done) this.look()
    this.report()
  }

  /** What has not been said yet. */
  end(): void {
    this.ended = true
    for (const why of this.unsaid.keys()) this.say(why)
  }

  private report(): void {
    for (const news of this.archive.takeEvictions()) {
      this.lastEviction = news
      this.evicted[news.why] = (this.evicted[news.why] ?? 0) + news.frames
      this.unsaid.set(news.why, sum(this.unsaid.get(news.why), news))
    }
    for (const why of this.unsaid.keys())
      if (this.monoMs() - (this.saidMs.get(why) ?? Number.NEGATIVE_INFINITY) >= SAY_MS) this.say(why)
    const { lagMs } = this.archive
    if (lagMs > 0 !== this.catchingUp) {
      this.catchingUp = lagMs > 0
      const note = this.catchingUp
        ? 'age limits follow the clock gradually: nothing expires because of a step'
        : 'age limits have caught up with the clock'
      this.log.info({ hours: Number((lagMs / 3_600_000).toFixed(1)) }, note)
    }
  }

  /** Whether the disk gives what the limits ask for, now that all has gone that may. */
  private look(): void {
    const shortage = this.archive.path ? this.shortage(this.archive.freeBytes()) : ''
    this.goodRuns = shortage ? 0 : this.goodRuns + 1
    const trouble = shortage || (this.goodRuns < GOOD_RUNS ? this.trouble : '')
    if (trouble === this.trouble) return
    if (trouble) this.log.warn({ reason: trouble }, 'the disk is too full for the limits')
    this.trouble = trouble
    this.events.troubled(trouble)
  }

  /** The same words while it lasts: they are in a retained message. */
  private shortage(freeBytes: number): string {
    const { minFreeBytes, keepNewestMs } = this.limits
    if (freeBytes >= minFreeBytes) return ''
    return `less is free on the disk than archive.minFreeMegabytes (${minFreeBytes / 1e6}); only the newest ${keepNewestMs / 60_000} minutes are kept`
  }

  private say(why: Evicted['why']): void {
    const { frames, bytes, unpublished, fromUs, toUs } = this.unsaid.get(why)!
    this.unsaid.delete(why)
    this.saidMs.set(why, this.monoMs())
    const [from, to] = [isoOf(fromUs), isoOf(toUs)]
    const level = unpublished > 0 ? 'warn' : 'info'
    this.log[level]({ why, frames, megabytes: Number((bytes / 1e6).toFixed(1)), unpublished, from, to }, 'evicted')
  }
}

function sum(a: Evicted | undefined, b: Evicted): Evicted {
  if (!a) return b
  return {
    why: b.why,
    frames: a.frames + b.frames,
    bytes: a.bytes + b.bytes,
    unpublished: a.unpublished + b.unpublished,
    fromUs: Math.min(a.fromUs, b.fromUs),
    toUs: Math.max(a.toUs, b.toUs),
  }
}

/**
 * Whether one class is there, in one zone or the whole picture, and the event of its being there. What a frame says is believed
 * by time: belief rises while it is seen and falls while it is not, so neither a frame that flickers nor the frame rate makes an
 * event. An event is told when it starts, when it is clearly more than it was, now and then, and when it ends.
 */
import type { EventRule } from '../config/watch.js'

/** A frame, as the event keeps it. */
export interface Mark {
  /** By the clock that no one sets. */
  readonly bootMs: number
  /** Of its bitstream. */
  readonly ref: string
}

export interface Peak extends Mark {
  /** Of the most probable of its tags. */
  readonly p: number
  /** Of the places of zone or picture. */
  readonly share: number
}

/** Something that is there, or was. */
export interface Occurrence {
  readonly id: string
  readonly class: string
  /** null: the whole picture. */
  readonly zone: string | null
  readonly since: Mark
  /** When it was seen last. */
  readonly until: Mark
  readonly peak: Peak
}

/** What of it is told. `gap`: nobody looked for so long that nobody knows. */
export interface Telling extends Occurrence {
  readonly phase: 'start' | 'update' | 'end'
  readonly reason?: 'gap'
}

/** What a frame says. */
export interface Sight {
  readonly seen: boolean
  readonly p: number
  readonly share: number
}

/** Without frames for so long what was there may have gone and come again. */
export const GAP_MS = 60_000
/** Between two updates. */
const UPDATE_MS = 2000
const UPDATE_ANYWAY_MS = 60_000
/** An update for a peak that is so much higher than the one told before. */
const HIGHER = { share: 1.5, p: 0.2 }
/** Sums of many fractions of a second come out a little short. */
const FULL = 1 - 1e-9

export class Watch {
  occurrence: Occurrence | undefined
  private belief = 0
  private last: { readonly bootMs: number; readonly seen: boolean } | undefined
  /** The frame that the present belief began with. */
  private first: Mark | undefined
  private peak: Peak | undefined
  private told: { readonly bootMs: number; readonly peak: Peak } | undefined

  constructor(
    readonly rule: EventRule,
    private readonly newId: () => string,
    private readonly gapMs = GAP_MS,
  ) {}

  see(mark: Mark, sight: Sight): Telling[] {
    const tellings = this.afterGap(mark)
    this.believe(mark, sight.seen)
    if (sight.seen) this.note({ ...mark, p: sight.p, share: sight.share })
    if (!this.occurrence) {
      if (sight.seen && (this.belief >= FULL || this.rule.enterSeconds === 0)) tellings.push(this.start(mark))
      else if (!sight.seen && this.belief === 0) this.forget()
    } else if (!sight.seen && (this.belief === 0 || this.rule.leaveSeconds === 0)) tellings.push(this.end())
    else if (sight.seen && this.isNews(mark)) tellings.push(this.tell('update', mark))
    return tellings
  }

  private afterGap({ bootMs }: Mark): Telling[] {
    if (!this.last || bootMs - this.last.bootMs <= this.gapMs) return []
    const ended = this.occurrence ? [{ ...this.end(), reason: 'gap' as const }] : []
    this.forget()
    this.last = undefined
    return ended
  }

  /** Of the time between two frames that say the same; between two that do not, nobody knows. */
  private believe({ bootMs }: Mark, seen: boolean): void {
    const { last } = this
    this.last = { bootMs, seen }
    if (last?.seen !== seen) return
    const { enterSeconds, leaveSeconds } = this.rule
    const within = seen || !this.occurrence ? enterSeconds : leaveSeconds
    const step = within === 0 ? 1 : (bootMs - last.bootMs) / (within * 1000)
    this.belief = Math.max(0, Math.min(1, this.belief + (seen ? step : -step)))
    if (this.belief < 1 - FULL) this.belief = 0
  }

  private note(peak: Peak): void {
    this.first ??= peak
    const most = this.peak
    if (!most || peak.share > most.share || (peak.share === most.share && peak.p > most.p)) this.peak = peak
    if (this.occurrence) this.occurrence = { ...this.occurrence, until: peak, peak: this.peak! }
  }

  private start(mark: Mark): Telling {
    this.belief = 1
    const { class: of, zone = null } = this.rule
    this.occurrence = { id: this.newId(), class: of, zone, since: this.first!, until: mark, peak: this.peak! }
    return this.tell('start', mark)
  }

  private end(): Telling {
    const ended = { ...this.occurrence!, phase: 'end' as const }
    this.occurrence = undefined
    this.forget()
    return ended
  }

  private forget(): void {
    this.belief = 0
    this.first = undefined
    this.peak = undefined
  }

  private isNews({ bootMs }: Mark): boolean {
    const { told, peak } = this
    const sinceMs = bootMs - told!.bootMs
    if (sinceMs >= UPDATE_ANYWAY_MS) return true
    if (sinceMs < UPDATE_MS) return false
    return peak!.share >= told!.peak.share * HIGHER.share + 1e-9 || peak!.p >= told!.peak.p + HIGHER.p
  }

  private tell(phase: 'start' | 'update', { bootMs }: Mark): Telling {
    this.told = { bootMs, peak: this.peak! }
    return { ...this.occurrence!, phase }
  }
}

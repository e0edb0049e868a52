/** What the health topic says, every minute: is work being done, what is dropped and why, how long will the disk last. */

import { existsSync, readFileSync } from 'node:fs'
import type { DeviceState } from '../contract/messages.js'
import { isoOf } from '../contract/time.js'
import type { Archive, ArchiveLimits } from './archive/archive.js'
import type { Keeper } from './archive/keeper.js'
import type { Camera } from './capture/camera.js'
import type { Clock } from './clock.js'
import type { Fault } from './faults.js'
import type { Publisher } from './publish/publisher.js'
import { Rates } from './rates.js'
import type { Requests } from './retrieve/requests.js'
import type { Stages } from './stages.js'
import type { Upkeep } from './upkeep.js'

/** Frames of a camera since the agent started. */
export interface Counts {
  encoded: number
  /** Of those: an answer was kept, as good as nothing had changed, as the heads had just looked, or as frames waited. */
  held: number
  rested: number
  pressed: number
  /** Of those: what the camera's `publish` left out. */
  leftOut: number
}

export const noCounts = (): Counts => ({ encoded: 0, held: 0, rested: 0, pressed: 0, leftOut: 0 })

export interface HealthSources {
  /** Of this run. */
  readonly boot: string
  readonly cameras: readonly Camera[]
  readonly archive: Pick<
    Keeper,
    'stats' | 'counters' | 'freeBytes' | 'reason' | 'takingOver' | 'lagMs' | 'oldestPlainUs'
  >
  readonly limits: ArchiveLimits
  readonly publisher: Publisher
  readonly requests: Requests
  readonly stages: Stages
  /** By camera. */
  readonly counts: ReadonlyMap<string, Readonly<Counts>>
  readonly clock: Pick<Clock, 'now' | 'why'>
  readonly upkeep: Pick<Upkeep, 'lastEviction' | 'evicted'>
  readonly lost: { readonly inference: number; readonly commit: number }
  /** State of the device, and what else the composition knows. */
  readonly around: () => Around
}

export interface Around {
  readonly state: DeviceState
  readonly reason?: string | undefined
  readonly broker: { readonly connected: boolean; readonly connects: number; readonly reason?: string }
  readonly bundle: {
    readonly id: string
    readonly sha256: string
    readonly fell_back?: { readonly from: string; readonly why: string; readonly at: string }
  }
  readonly faults: readonly Fault[]
}

export type HealthReport = ReturnType<Health['report']>

const DAY_MS = 86_400_000

export class Health {
  private readonly rates = new Rates()
  private readonly startedMs: number

  constructor(
    private readonly sources: HealthSources,
    private readonly monoMs = () => performance.now(),
  ) {
    this.startedMs = monoMs()
  }

  /** To be called every few seconds: what rates are made of. */
  sample(): void {
    const { cameras } = this.sources
    const counts = cameras.flatMap(({ config: { id }, framesIn }): [string, number][] => [
      [`in ${id}`, framesIn],
      [`encoded ${id}`, this.countsOf(id).encoded],
    ])
    this.rates.sample(new Map(counts))
  }

  /** Asking changes nothing: the message, /metrics and `status` all come from it. */
  report() {
    const { timeMs: nowMs, known } = this.sources.clock.now()
    const { boot, cameras, archive, publisher, requests, stages, lost } = this.sources
    const around = this.sources.around()
    const stats = archive.stats
    const cams = cameras.map((camera) => {
      const id = camera.config.id
      const { encoded, held, rested, pressed, leftOut } = this.countsOf(id)
      const newest = publisher.acknowledged.of(id, boot)
      return {
        id,
        state: camera.state.state,
        reason: camera.state.reason,
        since: camera.state.since,
        fps_in: this.rates.of(`in ${id}`, camera.framesIn),
        fps_encoded: this.rates.of(`encoded ${id}`, encoded),
        frames_in: camera.framesIn,
        frames_encoded: encoded,
        frames_held: held,
        frames_rested: rested,
        frames_pressed: pressed,
        frames_left_out: leftOut,
        dropped: camera.dropped,
        ...(newest && { newest: { boot, ...newest } }),
      }
    })
    return {
      v: 1,
      ts: new Date(nowMs).toISOString(),
      state: around.state,
      ...(around.reason && { reason: around.reason }),
      uptime_s: Math.round((this.monoMs() - this.startedMs) / 1000),
      broker: around.broker,
      bundle: around.bundle,
      clock: { known, reason: this.sources.clock.why },
      cams,
      drops: {
        latest_wins: cameras.reduce((n, c) => n + c.dropped, 0),
        ...lost,
        dead_letter: publisher.counters.deadLetters,
        outbox: archive.counters.unpublishedDropped,
        outbox_thinned: archive.counters.thinned,
      },
      outbox: {
        frames: stats.outboxRows,
        bytes: stats.outboxBytes,
        oldest_s:
          stats.oldestUnpublishedUs === null
            ? 0
            : Math.max(0, Math.round((nowMs - stats.oldestUnpublishedUs / 1000) / 1000)),
      },
      archive: {
        frames: stats.frames,
        bytes: stats.bytes,
        evicted: archive.counters.evicted,
        evictions: { ...this.sources.upkeep.evicted },
        last_eviction: this.lastEviction(),
        restamped: archive.counters.restamped,
        age_limits_lag_s: Math.round(archive.lagMs / 1000),
        days_left: this.daysLeft(stats, nowMs, known),
        ...(archive.reason !== undefined && { reason: archive.reason }),
        ...(archive.takingOver && { taking_over: archive.takingOver }),
      },
      published: { ...publisher.counters },
      requests: { ...requests.counters },
      ms: stages.medians(),
      rss_mb: Math.round(process.memoryUsage.rss() / 1e6),
      temp_c: temperature(),
      faults: around.faults,
    }
  }

  private countsOf(camera: string): Readonly<Counts> {
    return this.sources.counts.get(camera) ?? noCounts()
  }

  private lastEviction() {
    const last = this.sources.upkeep.lastEviction
    if (!last) return null
    const { why, frames, fromUs, toUs } = last
    return { why, frames, from: isoOf(fromUs), to: isoOf(toUs) }
  }

  /** Days until the archive starts to evict: at the rate of this run by bytes, by age if the time is known; null until that can be said. */
  private daysLeft(stats: Archive['stats'], nowMs: number, known: boolean): number | null {
    const { archive, limits } = this.sources
    const runMs = this.monoMs() - this.startedMs
    const { archived } = archive.counters
    if (runMs < 60_000 || archived === 0 || stats.frames === 0 || stats.oldestUs === null || !stats.counted) return null
    const room = Math.min(limits.maxBytes - stats.bytes, archive.freeBytes() - limits.minFreeBytes)
    const byBytes = (Math.max(0, room) / (archived * (stats.bytes / stats.frames))) * runMs
    const until = (limitMs: number, us: number) => Math.max(0, limitMs - (nowMs - us / 1000))
    const ofEvents = until(limits.keepEventsMs ?? limits.maxAgeMs, stats.oldestUs)
    const ofOthers =
      limits.keepEventsMs === undefined ? ofEvents : until(limits.maxAgeMs, archive.oldestPlainUs ?? nowMs * 1000)
    const byAge = known ? Math.min(ofEvents, ofOthers) : byBytes
    return Number((Math.min(byBytes, byAge) / DAY_MS).toFixed(2))
  }
}

function temperature(): number | null {
  const zone = '/sys/class/thermal/thermal_zone0/temp'
  try {
    return existsSync(zone) ? Math.round(Number(readFileSync(zone, 'utf8')) / 1000) : null
  } catch {
    return null // some zones of a Jetson cannot be read while their unit sleeps
  }
}

/** What the health topic says, every minute: is work being done, what is dropped and why, how long will the disk last. */
import { existsSync, readFileSync } from 'node:fs'
import type { Archive, ArchiveLimits } from './archive/archive.js'
import type { Keeper } from './archive/keeper.js'
import type { Camera } from './capture/camera.js'
import type { Publisher } from './publish/publisher.js'
import type { Requests } from './retrieve/requests.js'
import type { Stages } from './stages.js'

export interface HealthSources {
  readonly cameras: readonly Camera[]
  readonly archive: Pick<Keeper, 'stats' | 'counters' | 'freeBytes' | 'reason' | 'takingOver'>
  readonly limits: ArchiveLimits
  readonly publisher: Publisher
  readonly requests: Requests
  readonly stages: Stages
  readonly encoded: ReadonlyMap<string, number>
  readonly lost: { readonly inference: number; readonly commit: number }
}

const DAY_MS = 86_400_000

export class Health {
  private last = { at: performance.now(), in: new Map<string, number>(), encoded: new Map<string, number>() }

  constructor(private readonly sources: HealthSources) {}

  report(nowMs = Date.now()) {
    const { cameras, archive, publisher, requests, stages, encoded, lost } = this.sources
    const at = performance.now()
    const seconds = Math.max(0.001, (at - this.last.at) / 1000)
    const stats = archive.stats
    const cams = cameras.map((camera) => {
      const id = camera.config.id
      return {
        id,
        state: camera.state.state,
        fps_in: rate(camera.framesIn - (this.last.in.get(id) ?? 0), seconds),
        fps_encoded: rate((encoded.get(id) ?? 0) - (this.last.encoded.get(id) ?? 0), seconds),
        dropped: camera.dropped,
      }
    })
    this.last = { at, in: new Map(cameras.map((c) => [c.config.id, c.framesIn])), encoded: new Map(encoded) }
    return {
      v: 1,
      ts: new Date(nowMs).toISOString(),
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
        days_left: this.daysLeft(stats, nowMs),
        ...(archive.reason !== undefined && { reason: archive.reason }),
        ...(archive.takingOver && { taking_over: archive.takingOver }),
      },
      published: { ...publisher.counters },
      requests: { ...requests.counters },
      ms: stages.medians(),
      rss_mb: Math.round(process.memoryUsage.rss() / 1e6),
      temp_c: temperature(),
    }
  }

  /** Days until the archive starts to evict, at the mean rate so far; null until that can be said. */
  private daysLeft(stats: Archive['stats'], nowMs: number): number | null {
    const age = stats.oldestUs === null ? 0 : nowMs - stats.oldestUs / 1000
    if (age < 60_000 || stats.bytes === 0) return null
    const room = Math.min(
      this.sources.limits.maxBytes - stats.bytes,
      this.sources.archive.freeBytes() - this.sources.limits.minFreeBytes,
    )
    return Number(((Math.max(0, room) / stats.bytes) * (age / DAY_MS)).toFixed(2))
  }
}

const rate = (n: number, seconds: number) => Number((n / seconds).toFixed(2))

function temperature(): number | null {
  const zone = '/sys/class/thermal/thermal_zone0/temp'
  try {
    return existsSync(zone) ? Math.round(Number(readFileSync(zone, 'utf8')) / 1000) : null
  } catch {
    return null // some zones of a Jetson cannot be read while their unit sleeps
  }
}

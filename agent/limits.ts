/** What the configuration allows archive and outbox. */
import type { ArchiveLimits } from './archive/archive.js'
import type { Config } from './config/schema.js'

const MB = 1e6
const DAY_MS = 86_400_000

export function limitsOf({ archive, outbox }: Pick<Config, 'archive' | 'outbox'>): ArchiveLimits {
  return {
    maxBytes: archive.maxMegabytes * MB,
    maxAgeMs: archive.maxDays * DAY_MS,
    keepEventsMs: archive.keepEventsDays === undefined ? undefined : archive.keepEventsDays * DAY_MS,
    minFreeBytes: archive.minFreeMegabytes * MB,
    keepNewestMs: archive.keepNewestMinutes * 60_000,
    outboxMaxBytes: outbox.maxMegabytes * MB,
    outboxMaxAgeMs: outbox.maxHours * 3_600_000,
    onFull: outbox.onFull,
  }
}

/** What was evicted and why, for the log and for health. */

/** Of the archive: age, bytes, free_space (less than is to stay free), disk_full. Of the outbox: its age, its bytes. */
export type Why = 'age' | 'bytes' | 'free_space' | 'disk_full' | 'outbox_age' | 'outbox_bytes'

export interface Evicted {
  readonly why: Why
  readonly frames: number
  readonly bytes: number
  /** Frames among them that the broker had not got. */
  readonly unpublished: number
  readonly fromUs: number
  readonly toUs: number
}

export class Evictions {
  /** Frames that left the archive, and that left the outbox without having been published. */
  frames = 0
  unpublished = 0
  private readonly news = new Map<Why, Evicted>()

  add(why: Why, rows: readonly { bytes: number; timeUs: number }[], unpublished = 0): void {
    if (rows.length === 0) return
    const before = this.news.get(why) ?? { frames: 0, bytes: 0, unpublished: 0, fromUs: Infinity, toUs: -Infinity }
    const dropped = why.startsWith('outbox') ? rows.length : unpublished
    const times = rows.map(({ timeUs }) => timeUs)
    this.news.set(why, {
      why,
      frames: before.frames + rows.length,
      bytes: before.bytes + rows.reduce((sum, { bytes }) => sum + bytes, 0),
      unpublished: before.unpublished + dropped,
      fromUs: Math.min(before.fromUs, ...times),
      toUs: Math.max(before.toUs, ...times),
    })
    if (!why.startsWith('outbox')) this.frames += rows.length
    this.unpublished += dropped
  }

  /** Since it was last asked. */
  take(): Evicted[] {
    const news = [...this.news.values()]
    this.news.clear()
    return news
  }
}

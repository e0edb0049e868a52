/** Which frames go when the archive is over a limit: the oldest segment of all cameras first, whole, and never one that grows. */
import type { NewFrame } from '../outbox.js'
import type { Db } from './database.js'
import { type OutboxTable, weigh } from './outbox-table.js'
import { IN_SEGMENT, KEY_SEQ, ROW_OVERHEAD, type SegmentName } from './schema.js'

/** Rows removed at once: short transactions, so that a commit never waits long for an eviction. */
export const EVICT_ROWS = 500

export class Retention {
  totals = { bytes: 0, frames: 0 }
  readonly counters = { evicted: 0, unpublishedDropped: 0 }
  /** By camera, the segment last written to: what comes next is predicted from it, so it is not evicted while frames come. */
  private readonly live = new Map<string, { readonly segment: string; readonly timeUs: number }>()

  constructor(
    private readonly db: Db,
    private readonly outbox: OutboxTable,
  ) {
    this.totals = db
      .prepare(
        `SELECT count(*) AS frames, coalesce(sum(bytes + length(result) + ${ROW_OVERHEAD}), 0) AS bytes FROM frames`,
      )
      .get() as { bytes: number; frames: number }
  }

  /** Before a frame is committed; also when that fails: a keyframe that finds no room may take that of the segment it ends. */
  grows({ cam, boot, keySeq, timeUs }: NewFrame): void {
    this.live.set(cam, { segment: `${cam}/${boot}/${keySeq}`, timeUs })
  }

  count(frame: NewFrame): void {
    this.totals.bytes += weigh(frame)
    this.totals.frames++
  }

  /** A camera that has gone silent keeps nothing past its time. */
  forgetSilent(oldestUs: number): void {
    for (const [cam, { timeUs }] of this.live) if (timeUs < oldestUs) this.live.delete(cam)
  }

  /**
   * Oldest segment first, while `needed` says so of its time; whole segments, as nothing decodes without its keyframe; not the
   * ones that still grow. Totals change only once the transaction has gone through.
   */
  evict(needed: (oldestUs: number) => boolean): number {
    const before = { frames: { ...this.totals }, outbox: { ...this.outbox.totals } }
    // By time, not by id: rebuild() adds old frames late. One seek a camera in frames_time.
    const oldest = this.db.prepare(
      `WITH RECURSIVE cams (cam) AS (
         SELECT min(cam) FROM frames
         UNION ALL SELECT (SELECT min(f.cam) FROM frames f WHERE f.cam > cams.cam) FROM cams WHERE cam IS NOT NULL)
       SELECT cam, boot, ${KEY_SEQ} AS keySeq, time_us AS timeUs FROM frames WHERE id IN (
         SELECT (SELECT id FROM frames f
                 WHERE f.cam = cams.cam AND pinned = 0
                   AND f.cam || '/' || boot || '/' || ${KEY_SEQ} NOT IN (SELECT value FROM json_each(?))
                 ORDER BY time_us LIMIT 1)
         FROM cams WHERE cam IS NOT NULL)
       ORDER BY time_us, id LIMIT 1`,
    )
    const live = JSON.stringify([...this.live.values()].map(({ segment }) => segment))
    const ids = this.db.prepare(`SELECT id FROM frames WHERE ${IN_SEGMENT}`).pluck()
    const frame = this.db.prepare(
      'DELETE FROM frames WHERE id = ? RETURNING cam, boot, seq, bytes, length(result) AS result',
    )
    const remember = this.db.prepare(
      'INSERT INTO evicted VALUES (@cam, @boot, @seq) ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)',
    )
    let rows = 0
    let unpublished = 0
    try {
      this.db.transaction(() => {
        while (rows < EVICT_ROWS) {
          const found = oldest.get(live) as (SegmentName & { timeUs: number }) | undefined
          if (!found || !needed(found.timeUs)) break
          const { timeUs: _, ...segment } = found
          for (const id of ids.all(segment) as number[]) {
            const waiting = this.outbox.delete(id)
            unpublished += waiting.length
            this.outbox.forget(waiting)
            const gone = frame.get(id) as { cam: string; boot: string; seq: number; bytes: number; result: number }
            remember.run(gone)
            this.totals.bytes -= gone.bytes + gone.result + ROW_OVERHEAD
            this.totals.frames--
            rows++
          }
        }
      })()
    } catch (error) {
      this.totals = before.frames
      this.outbox.totals = before.outbox
      throw error
    }
    this.counters.unpublishedDropped += unpublished
    this.counters.evicted += rows
    return rows
  }
}

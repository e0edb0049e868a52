/** Which frames go when the archive is over a limit: the oldest segment of all cameras first, whole, and never one that grows. */
import type { NewFrame } from '../outbox.js'
import type { Db } from './database.js'
import type { Evictions, Why } from './evictions.js'
import { type OutboxTable, weigh } from './outbox-table.js'
import { CAMS, IN_SEGMENT, KEY_SEQ, ROW_OVERHEAD, type SegmentName, TIME_US } from './schema.js'

/** Rows removed at once: short transactions, so that a commit never waits long for an eviction. */
export const EVICT_ROWS = 500

/** Rows counted at once, of those that were there at the opening. */
const COUNT_ROWS = 500

/** No keyframe interval is so long: whatever a camera sends after it stands alone, and its last segment is like any other. */
const SILENT_MS = 600_000

interface Gone {
  readonly id: number
  readonly cam: string
  readonly boot: string
  readonly seq: number
  readonly bytes: number
  readonly result: number
  readonly timeUs: number
}

export class Retention {
  /** Of frames up to `counted`, and of those behind `before`, which came since the opening. */
  totals = { bytes: 0, frames: 0 }
  private counted = 0
  private readonly before: number
  /** By camera, the segment last written to: what comes next is predicted from it, so it is not evicted while frames come. */
  private readonly live = new Map<string, { readonly segment: string; readonly atMs: number }>()

  constructor(
    private readonly db: Db,
    private readonly outbox: OutboxTable,
    private readonly evictions: Evictions,
    private readonly stretches: { readonly moving: boolean },
    private readonly monoMs: () => number,
  ) {
    this.before = (db.prepare('SELECT max(id) FROM frames').pluck().get() as number | null) ?? 0
    this.countOn()
  }

  /** Until everything is counted the totals are too small, so limits of bytes evict nothing that they would not anyway. */
  get complete(): boolean {
    return this.counted >= this.before
  }

  /** One short step of counting: a large archive is read for half a minute on a slow disk. @returns true when there is more to do */
  countOn(): boolean {
    if (this.complete) return false
    const step = this.db.prepare(
      `SELECT max(id) AS upTo, count(*) AS frames, sum(size) AS bytes FROM (
         SELECT id, bytes + length(result) + ${ROW_OVERHEAD} AS size FROM frames
         WHERE id > ? AND id <= ? ORDER BY id LIMIT ${COUNT_ROWS})`,
    )
    const { upTo, frames, bytes } = step.get(this.counted, this.before) as Record<string, number>
    this.totals.frames += frames!
    this.totals.bytes += bytes ?? 0
    this.counted = upTo ?? this.before
    return !this.complete
  }

  private isCounted(id: number): boolean {
    return id <= this.counted || id > this.before
  }

  /** Before a frame is committed; also when that fails: a keyframe that finds no room may take that of the segment it ends. */
  grows({ cam, boot, keySeq }: NewFrame): void {
    this.live.set(cam, { segment: `${cam}/${boot}/${keySeq}`, atMs: this.monoMs() })
  }

  count(id: number, frame: NewFrame): void {
    if (!this.isCounted(id)) return
    this.totals.bytes += weigh(frame)
    this.totals.frames++
  }

  /** Of all cameras; null: there are no frames. */
  newestUs(): number | null {
    return this.edge('max')
  }

  oldestUs(): number | null {
    return this.edge('min')
  }

  private edge(which: 'min' | 'max'): number | null {
    const found = this.db.prepare(
      this.stretches.moving
        ? `SELECT ${TIME_US} FROM frames f ORDER BY id ${which === 'min' ? 'ASC' : 'DESC'} LIMIT 1`
        : `${CAMS} SELECT ${which}((SELECT ${which}(time_us) FROM frames f WHERE f.cam = cams.cam)) FROM cams WHERE cam IS NOT NULL`,
    )
    return (found.pluck().get() as number | null | undefined) ?? null
  }

  /**
   * Oldest segment first, while `reason` has one for its time; whole segments, as nothing decodes without its keyframe; not the
   * ones that still grow. Totals change only once the transaction has gone through.
   */
  evict(reason: (oldestUs: number) => Why | undefined): number {
    for (const [cam, { atMs }] of this.live) if (this.monoMs() - atMs > SILENT_MS) this.live.delete(cam)
    const before = { frames: { ...this.totals }, outbox: { ...this.outbox.totals } }
    const goes = `pinned = 0 AND f.cam || '/' || boot || '/' || ${KEY_SEQ} NOT IN (SELECT value FROM json_each(?))`
    const named = `SELECT cam, boot, ${KEY_SEQ} AS keySeq, ${TIME_US} AS timeUs FROM frames f`
    // By time, not by id: rebuild() adds old frames late. One seek a camera in frames_time. Only while frames are being moved
    // the order of their times is none, as the newest may lie before those that have been moved.
    const oldest = this.db.prepare(
      this.stretches.moving
        ? `${named} WHERE ${goes} ORDER BY id LIMIT 1`
        : `${CAMS} ${named} WHERE id IN (
             SELECT (SELECT id FROM frames f WHERE f.cam = cams.cam AND ${goes} ORDER BY time_us LIMIT 1)
             FROM cams WHERE cam IS NOT NULL)
           ORDER BY time_us, id LIMIT 1`,
    )
    const live = JSON.stringify([...this.live.values()].map(({ segment }) => segment))
    const rows = this.db.prepare(
      `SELECT id, cam, boot, seq, bytes, length(result) AS result, ${TIME_US} AS timeUs FROM frames f WHERE ${IN_SEGMENT}`,
    )
    const remove = this.db.prepare('DELETE FROM frames WHERE id = ?')
    const remember = this.db.prepare(
      'INSERT INTO evicted VALUES (@cam, @boot, @seq) ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)',
    )
    const gone: { why: Why; row: Gone; unpublished: number }[] = []
    try {
      this.db.transaction(() => {
        while (gone.length < EVICT_ROWS) {
          const found = oldest.get(live) as (SegmentName & { timeUs: number }) | undefined
          const why = found && reason(found.timeUs)
          if (!found || !why) break
          const { timeUs: _, ...segment } = found
          for (const row of rows.all(segment) as Gone[]) {
            const waiting = this.outbox.delete(row.id)
            this.outbox.forget(waiting)
            remove.run(row.id)
            remember.run({ cam: row.cam, boot: row.boot, seq: row.seq })
            if (this.isCounted(row.id)) {
              this.totals.bytes -= row.bytes + row.result + ROW_OVERHEAD
              this.totals.frames--
            }
            gone.push({ why, row, unpublished: waiting.length })
          }
        }
      })()
    } catch (error) {
      this.totals = before.frames
      this.outbox.totals = before.outbox
      throw error
    }
    for (const { why, row, unpublished } of gone) this.evictions.add(why, [row], unpublished)
    return gone.length
  }
}

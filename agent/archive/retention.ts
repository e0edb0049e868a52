/**
 * Which frames go when the archive is over a limit: the oldest segment of all cameras first, whole, and never one that grows; where
 * events are to be kept longer, those that no event touches before those that one does.
 */
import type { NewFrame } from '../outbox.js'
import type { Db } from './database.js'
import type { Evictions, Why } from './evictions.js'
import type { FrameCount } from './frame-count.js'
import type { OutboxTable } from './outbox-table.js'
import { nameOf, Plain, type Segment } from './plain.js'
import { CAMS, IN_SEGMENT, KEY_SEQ, TIME_US } from './schema.js'
import type { Spans } from './spans.js'

/** Rows removed at once: short transactions, so that a commit never waits long for an eviction. */
export const EVICT_ROWS = 500

/** No keyframe interval is so long: whatever a camera sends after it stands alone, and its last segment is like any other. */
const SILENT_MS = 600_000

/** What may go, by its time in microseconds. */
export interface Going {
  /** Frames of events that are older have expired, */
  readonly eventsUs: number
  /** and so have others, from a time that is not earlier. */
  readonly othersUs: number
  /** Where room is short, what is older and of no event goes before what is of one. */
  readonly othersFirstUs: number
  /** Whether room is needed that a frame of this time may have to make. */
  short(timeUs: number): Why | undefined
}

interface Gone {
  readonly id: number
  readonly cam: string
  readonly boot: string
  readonly seq: number
  readonly bytes: number
  readonly timeUs: number
}

export class Retention {
  /** By camera, the segment last written to: what comes next is predicted from it, so it is not evicted while frames come. */
  private readonly live = new Map<string, { readonly segment: string; readonly atMs: number }>()
  private readonly plain: Plain

  constructor(
    private readonly db: Db,
    private readonly frames: FrameCount,
    private readonly outbox: OutboxTable,
    private readonly evictions: Evictions,
    spans: Spans,
    private readonly stretches: { readonly moving: boolean },
    private readonly monoMs: () => number,
  ) {
    this.plain = new Plain(db, spans)
  }

  /** Before a frame is committed; also when that fails: a keyframe that finds no room may take that of the segment it ends. */
  grows(frame: NewFrame): void {
    this.live.set(frame.cam, { segment: nameOf(frame), atMs: this.monoMs() })
  }

  came({ cam, timeUs }: Pick<NewFrame, 'cam' | 'timeUs'>): void {
    this.plain.came(cam, timeUs)
  }

  /** Frames have got another time. */
  moved(): void {
    this.plain.again()
  }

  /** Whether there is more to search for what is to go. */
  get searching(): boolean {
    return this.plain.searching
  }

  /** Of all cameras; null: there are no frames. */
  newestUs(): number | null {
    return this.edge('max')
  }

  oldestUs(): number | null {
    return this.edge('min')
  }

  oldestPlainUs(): number | null {
    return this.stretches.moving ? null : (this.plain.oldest(this.growing())?.timeUs ?? null)
  }

  private edge(which: 'min' | 'max'): number | null {
    const found = this.db.prepare(
      this.stretches.moving
        ? `SELECT ${TIME_US} FROM frames f ORDER BY id ${which === 'min' ? 'ASC' : 'DESC'} LIMIT 1`
        : `${CAMS} SELECT ${which}((SELECT ${which}(time_us) FROM frames f WHERE f.cam = cams.cam)) FROM cams WHERE cam IS NOT NULL`,
    )
    return (found.pluck().get() as number | null | undefined) ?? null
  }

  private growing(): ReadonlySet<string> {
    for (const [cam, { atMs }] of this.live) if (this.monoMs() - atMs > SILENT_MS) this.live.delete(cam)
    return new Set([...this.live.values()].map(({ segment }) => segment))
  }

  /** Finds what goes next, and why. Made once for all that go in one step. */
  private chooser(going: Going): () => { segment: Segment; why: Why } | undefined {
    const { moving } = this.stretches
    const goes = `pinned = 0 AND f.cam || '/' || boot || '/' || ${KEY_SEQ} NOT IN (SELECT value FROM json_each(?))`
    const named = `SELECT cam, boot, ${KEY_SEQ} AS keySeq, ${TIME_US} AS timeUs FROM frames f`
    // By time, not by id: rebuild() adds old frames late. One seek a camera in frames_time. Only while frames are being moved
    // the order of their times is none, as the newest may lie before those that have been moved; then events count for nothing.
    const oldest = this.db.prepare(
      moving
        ? `${named} WHERE ${goes} ORDER BY id LIMIT 1`
        : `${CAMS} ${named} WHERE id IN (
             SELECT (SELECT id FROM frames f WHERE f.cam = cams.cam AND ${goes} ORDER BY time_us LIMIT 1)
             FROM cams WHERE cam IS NOT NULL)
           ORDER BY time_us, id LIMIT 1`,
    )
    const growing = this.growing()
    const live = JSON.stringify([...growing])
    const apart = !moving && Math.max(going.othersUs, going.othersFirstUs) > going.eventsUs
    return () => {
      const segment = oldest.get(live) as Segment | undefined
      if (!segment) return undefined
      if (segment.timeUs < going.eventsUs) return { segment, why: 'age' }
      const short = going.short(segment.timeUs)
      if (!short && segment.timeUs >= going.othersUs) return undefined
      const plain = apart ? this.plain.oldest(growing) : undefined
      if (plain && plain.timeUs < going.othersUs) return { segment: plain, why: 'age' }
      // A frame that finds no room cannot wait for the end of a search.
      if (!short || (this.plain.searching && short !== 'disk_full')) return undefined
      return { segment: plain && plain.timeUs < going.othersFirstUs ? plain : segment, why: short }
    }
  }

  /**
   * Whole segments, as nothing decodes without its keyframe; not the ones that still grow. What is counted changes only with the
   * transaction.
   */
  evict(going: Going): number {
    const outboxBefore = { ...this.outbox.totals }
    const choose = this.chooser(going)
    this.plain.searching = false
    const rows = this.db.prepare(
      `SELECT id, cam, boot, seq, bytes, ${TIME_US} AS timeUs FROM frames f WHERE ${IN_SEGMENT}`,
    )
    const remove = this.db.prepare('DELETE FROM frames WHERE id = ?')
    const remember = this.db.prepare(
      'INSERT INTO evicted VALUES (@cam, @boot, @seq) ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)',
    )
    const gone: { why: Why; row: Gone; unpublished: number }[] = []
    const evict = this.db.transaction(() => {
      while (gone.length < EVICT_ROWS) {
        const next = choose()
        if (!next) break
        const { segment, why } = next
        for (const row of rows.all(segment) as Gone[]) {
          const waiting = this.outbox.delete(row.id)
          this.outbox.forget(waiting)
          remove.run(row.id)
          remember.run({ cam: row.cam, boot: row.boot, seq: row.seq })
          this.frames.removed(row.id)
          gone.push({ why, row, unpublished: waiting.length })
        }
      }
      if (gone.length > 0) this.frames.save()
    })
    try {
      this.frames.within(evict)
    } catch (error) {
      this.outbox.totals = outboxBefore
      throw error
    }
    for (const { why, row, unpublished } of gone) this.evictions.add(why, [row], unpublished)
    return gone.length
  }
}

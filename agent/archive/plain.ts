/**
 * The oldest segment that no event touches, by camera. A search begins where the one before ended, so what is kept for its events
 * is passed once; and it goes over the frames that events lie in span by span.
 */
import type { Db, Statement } from './database.js'
import { CAMS, IN_SEGMENT, KEY_SEQ, type SegmentName } from './schema.js'
import type { Spans } from './spans.js'

/** Spans and segments passed in one step. */
const STEP = 500

export type Segment = SegmentName & { readonly timeUs: number }
export const nameOf = ({ cam, boot, keySeq }: SegmentName): string => `${cam}/${boot}/${keySeq}`

export class Plain {
  /** The last step ended before its search did. */
  searching = false
  /** By camera, what comes before this is pinned or of events. */
  private readonly fromUs = new Map<string, number>()
  private readonly cams: Statement
  private readonly next: Statement
  private readonly extent: Statement
  private readonly time: Statement
  private left = 0

  constructor(
    db: Db,
    private readonly spans: Spans,
  ) {
    this.cams = db.prepare(`${CAMS} SELECT cam FROM cams WHERE cam IS NOT NULL`).pluck()
    this.next = db.prepare(
      `SELECT cam, boot, ${KEY_SEQ} AS keySeq, time_us AS timeUs FROM frames
       WHERE cam = @cam AND time_us >= @fromUs AND pinned = 0 ORDER BY time_us LIMIT 1`,
    )
    this.extent = db.prepare(
      `SELECT min(id) AS first, max(id) AS last, max(time_us) AS lastUs FROM frames WHERE ${IN_SEGMENT}`,
    )
    this.time = db.prepare('SELECT time_us FROM frames WHERE id = ?').pluck()
  }

  /** A frame is there, or is not pinned any more, that may lie before what has been searched. */
  came(cam: string, timeUs: number): void {
    const fromUs = this.fromUs.get(cam)
    if (fromUs !== undefined && timeUs < fromUs) this.fromUs.set(cam, timeUs)
  }

  /** Times have changed: from the beginning again. */
  again(): void {
    this.fromUs.clear()
  }

  /** One short step. undefined: there is none, or `searching`. Not while frames are being moved: their order in time is none. */
  oldest(live: ReadonlySet<string>): Segment | undefined {
    this.left = STEP
    let oldest: Segment | undefined
    for (const cam of this.cams.all() as string[]) {
      const found = this.oldestOf(cam, live)
      if (found && (!oldest || found.timeUs < oldest.timeUs)) oldest = found
    }
    this.searching = this.left <= 0
    return this.searching ? undefined : oldest
  }

  private oldestOf(cam: string, live: ReadonlySet<string>): Segment | undefined {
    const openFrom = this.spans.openFrom(cam)
    let fromUs = this.fromUs.get(cam) ?? Number.MIN_SAFE_INTEGER
    for (; this.left > 0; this.left--) {
      const found = this.next.get({ cam, fromUs }) as Segment | undefined
      if (!found) break
      fromUs = found.timeUs
      const { first, last, lastUs } = this.extent.get(found) as { first: number; last: number; lastUs: number }
      // Neither is passed: the one that grows will end, and so will the event that goes on.
      if (live.has(nameOf(found)) || last >= openFrom) break
      const end = this.spans.end(cam, first, last)
      if (end === undefined) {
        this.fromUs.set(cam, fromUs)
        return found
      }
      fromUs = Math.max(lastUs, (this.time.get(end) as number | undefined) ?? lastUs) + 1
    }
    this.fromUs.set(cam, fromUs)
    return undefined
  }
}

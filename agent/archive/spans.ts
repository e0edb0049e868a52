/**
 * Which of a camera's frames events lie in: spans of ids, joined where they overlap, so that one seek tells of a segment whether
 * an event touches it, however many events there are and however long they last.
 */
import type { Db, Statement } from './database.js'
import { OLDEST_ID } from './schema.js'

/** Those that ids from @first to @last overlap. */
const OVERLAPPING = `FROM spans WHERE cam = @cam AND last_id >= @first AND first_id <= @last
  AND first_id >= coalesce((SELECT max(first_id) FROM spans WHERE cam = @cam AND first_id <= @first), @first)`

interface Overlapping {
  readonly spans: number
  readonly first: number | null
  readonly last: number | null
}

export class Spans {
  private readonly overlapping: Statement
  private readonly remove: Statement
  private readonly insert: Statement
  private readonly open: Statement

  constructor(private readonly db: Db) {
    this.overlapping = db.prepare(
      `SELECT count(*) AS spans, min(first_id) AS first, max(last_id) AS last ${OVERLAPPING}`,
    )
    this.remove = db.prepare(`DELETE ${OVERLAPPING}`)
    this.insert = db.prepare('INSERT INTO spans VALUES (@cam, @first, @last)')
    this.open = db.prepare('SELECT min(first_id) FROM events WHERE cam = ? AND open > 0').pluck()
  }

  /** Inside the transaction of whatever knows it. */
  add(cam: string, first: number, last: number): void {
    const there = this.overlapping.get({ cam, first, last }) as Overlapping
    const joined = { cam, first: Math.min(first, there.first ?? first), last: Math.max(last, there.last ?? last) }
    if (there.spans === 1 && joined.first === there.first && joined.last === there.last) return
    this.remove.run({ cam, first, last })
    this.insert.run(joined)
  }

  /** The last id of what ids from `first` to `last` overlap; undefined: no event that has been told touches them. */
  end(cam: string, first: number, last: number): number | undefined {
    return (this.overlapping.get({ cam, first, last }) as Overlapping).last ?? undefined
  }

  /** From here on every frame is one of an event that goes on. */
  openFrom(cam: string): number {
    return (this.open.get(cam) as number | null) ?? Number.POSITIVE_INFINITY
  }

  /** Those whose frames have all gone. */
  forget(): void {
    this.db.exec(
      `DELETE FROM spans WHERE last_id < ${OLDEST_ID} AND NOT EXISTS (
         SELECT 1 FROM frames WHERE id BETWEEN first_id AND last_id AND +frames.cam = spans.cam)`,
    )
  }
}

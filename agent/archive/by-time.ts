/**
 * Frames in the order of their times: of each camera one seek in frames_time and no more than a page, however many there are before,
 * behind and between the times that are asked for.
 */
import type { Db } from './database.js'
import { CAMS } from './schema.js'

export interface TimeQuery {
  readonly cam?: string | undefined
  readonly fromUs?: number | undefined
  readonly toUs?: number | undefined
  /** Behind this frame, and where that one lies; by its id alone where that is not said. */
  readonly cursor: number
  readonly afterUs?: number | undefined
  readonly limit: number
}

interface Found {
  readonly id: number
  readonly timeUs: number
}

/** Ranges of frames that are still to be moved, and by how much. */
interface Unmoved {
  readonly above: number
  readonly upTo: number
  readonly shiftUs: number
}
const UNMOVED = `SELECT coalesce(moved_id, first_id - 1) AS above, last_id AS upTo, target_us - offset_us AS shiftUs
  FROM stretches WHERE target_us IS NOT NULL`
const frames = (which: string) =>
  `SELECT id, time_us + @shiftUs AS timeUs FROM frames WHERE cam = @cam AND time_us BETWEEN @fromUs - @shiftUs AND @toUs - @shiftUs
   AND (time_us + @shiftUs > @afterUs OR id > @cursor) AND ${which} ORDER BY time_us, id LIMIT @limit`

/** By what is known of time now. */
export function idsByTime(db: Db, { cam, fromUs = -9e15, toUs = 9e15, cursor, afterUs, limit }: TimeQuery): number[] {
  const cams =
    cam === undefined ? db.prepare(`${CAMS} SELECT cam FROM cams WHERE cam IS NOT NULL`).pluck().all() : [cam]
  const unmoved = db.prepare(UNMOVED).all() as Unmoved[]
  const settled = db.prepare(
    frames(
      unmoved.length === 0
        ? 'TRUE'
        : `NOT EXISTS (WITH unmoved AS (${UNMOVED}) SELECT 1 FROM unmoved WHERE frames.id > above AND frames.id <= upTo)`,
    ),
  )
  const moving = db.prepare(frames('+id > @above AND +id <= @upTo'))
  const range = { fromUs: Math.max(fromUs, afterUs ?? fromUs), toUs, cursor, afterUs: afterUs ?? 9e15, limit }
  const found = (cams as string[]).flatMap((cam) => [
    ...(settled.all({ ...range, cam, shiftUs: 0 }) as Found[]),
    ...unmoved.flatMap((some) => moving.all({ ...range, cam, ...some }) as Found[]),
  ])
  found.sort((a, b) => a.timeUs - b.timeUs || a.id - b.id)
  return found.slice(0, limit).map(({ id }) => id)
}

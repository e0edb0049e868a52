/** Which frames lie in events: by spans of ids, so that what lies between events is never read. */
import type { ArchiveFilter } from '../archive-filter.js'
import type { Db } from './database.js'
import { CAMS, TIME_US } from './schema.js'

/** Events and frames looked at in one step. */
const STEP = 200

/** Of an event e: one that goes on has every frame to come. */
const LAST = 'iif(open = 0, last_id, 9e15)'
const timeAt = (id: string, order: 'ASC' | 'DESC') =>
  `(SELECT ${TIME_US} FROM frames f WHERE f.id ${order === 'ASC' ? '>=' : '<='} ${id} ORDER BY f.id ${order} LIMIT 1)`
export const MATCHES = `(@cam IS NULL OR cam = @cam) AND (@class IS NULL OR class = @class) AND (@zone IS NULL OR zone = @zone)
  AND (@event IS NULL OR id = @event) AND (@fromUs IS NULL OR ${timeAt(LAST, 'DESC')} >= @fromUs)
  AND (@toUs IS NULL OR ${timeAt('first_id', 'ASC')} <= @toUs)`

export const valuesOf = (filter: ArchiveFilter) => {
  const { cam = null, class: of = null, zone = null, event = null, fromUs = null, toUs = null } = filter
  return { cam, class: of, zone, event, fromUs, toUs }
}

/** No event that has frames behind @after begins before this one: the first of those that lie in one span with it, or go on. */
const REACHING = `${CAMS}, around AS (SELECT (
    SELECT max(first_id) FROM spans s WHERE s.cam = cams.cam AND first_id <= @after) AS first, cam FROM cams)
  SELECT min(first) FROM (
    SELECT @after AS first
    UNION ALL SELECT first FROM around a JOIN spans s ON s.cam = a.cam AND s.first_id = a.first WHERE +s.last_id > @after
    UNION ALL SELECT min(+first_id) FROM events WHERE open > 0)`

interface Span {
  readonly cam: string
  readonly first: number
  readonly last: number
}

/** In ascending order, behind `after`. */
export function* idsInEvents(db: Db, filter: ArchiveFilter, after: number): Generator<number> {
  const values = valuesOf(filter)
  const events = db.prepare(
    `SELECT cam, first_id AS first, ${LAST} AS last FROM events e
     WHERE ${MATCHES} AND first_id >= (${REACHING}) AND ${LAST} > @after ORDER BY first_id LIMIT ${STEP}`,
  )
  const frames = db.prepare(
    `SELECT id, cam FROM frames f WHERE id > @after AND id <= @last
     AND (@fromUs IS NULL OR ${TIME_US} >= @fromUs) AND (@toUs IS NULL OR ${TIME_US} <= @toUs) ORDER BY id LIMIT ${STEP}`,
  )
  for (;;) {
    const spans = events.all({ ...values, after }) as Span[]
    // Others may begin with the last one's first frame.
    const upTo = spans.length < STEP ? Number.MAX_SAFE_INTEGER : spans.at(-1)!.first - 1
    for (const { first, last } of joined(spans, upTo)) {
      after = Math.max(after, first - 1)
      for (;;) {
        const found = frames.all({ ...values, after, last }) as { id: number; cam: string }[]
        for (const { id, cam } of found)
          if (spans.some((span) => span.cam === cam && id >= span.first && id <= span.last)) yield id
        if (found.length < STEP) break
        after = found.at(-1)!.id
      }
    }
    if (spans.length < STEP) return
    after = Math.max(after, upTo)
  }
}

/** Those that overlap as one, whatever their camera. */
function joined(spans: readonly Span[], upTo: number): { first: number; last: number }[] {
  const all: { first: number; last: number }[] = []
  for (const span of spans) {
    const last = Math.min(span.last, upTo)
    const before = all.at(-1)
    if (before && span.first <= before.last + 1) before.last = Math.max(before.last, last)
    else if (span.first <= upTo) all.push({ first: span.first, last })
  }
  return all
}

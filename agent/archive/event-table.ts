/** Events by the frames they lie in, made of what frames carry: also when those come from a damaged database, in any order. */

import { isoOf } from '../../contract/time.js'
import type { ArchiveFilter } from '../archive-filter.js'
import { type EventRecord, shifted } from '../outbox.js'
import type { Db, Statement } from './database.js'
import { MATCHES, valuesOf } from './event-frames.js'
import { CLK, OLDEST_ID, TIME_US } from './schema.js'
import type { Spans } from './spans.js'

/** Of `open`: a doubtful one is of a damaged database that is still being read, its end may come yet. */
const State = { over: 0, open: 1, doubtful: 2 } as const

/** As the index of them says it, or all events are read. */
const OPEN = 'open > 0'

/** Time of the frame that the last message of an event e came with. */
const TOLD_US = `(SELECT ${TIME_US} FROM frames f WHERE f.cam = e.cam AND f.boot = e.told ->> 'boot' AND f.seq = e.told ->> 'seq')`

interface Told {
  readonly told: string
  readonly toldUs: number | null
}

interface Row extends Told {
  readonly lastUs: number | null
  readonly lastSeq: number | null
  readonly clk: EventRecord['clk'] | null
}

export class EventTable {
  private readonly upsert: Statement
  private readonly find: Statement

  constructor(
    private readonly db: Db,
    private readonly spans: Spans,
  ) {
    this.find = db.prepare('SELECT id FROM frames WHERE cam = ? AND boot = ? AND seq = ?').pluck()
    this.upsert = db.prepare(
      `INSERT INTO events (id, cam, class, zone, open, first_id, last_id, told)
       VALUES (@id, @cam, @class, @zone, @open, @firstId, @lastId, @told)
       ON CONFLICT DO UPDATE SET first_id = min(first_id, excluded.first_id), last_id = max(last_id, excluded.last_id),
         told = iif(excluded.open = 0 OR (open > 0 AND excluded.last_id >= last_id), excluded.told, told),
         open = min(open, excluded.open)
       RETURNING first_id AS first, last_id AS last`,
    )
  }

  /** Inside the transaction of the frame that carries them. */
  note(frameId: number, events: readonly EventRecord[], adopted = false): void {
    for (const event of events) {
      const { id, cam, class: of, zone, phase, bits } = event
      const firstId = this.idOf(bits.first) ?? frameId
      const lastId = this.idOf(bits.last) ?? frameId
      const open = phase === 'end' ? State.over : adopted ? State.doubtful : State.open
      const row = { id, cam, class: of, zone, open, firstId, lastId, told: JSON.stringify(event) }
      const { first, last } = this.upsert.get(row) as { first: number; last: number }
      this.spans.add(cam, first, last)
    }
  }

  /** What goes on as far as the archive knows, as it is told when nobody looks any more: it ended with its run's last frame. */
  ended(): EventRecord[] {
    const last = "FROM frames f WHERE f.cam = e.cam AND f.boot = e.told ->> 'boot' ORDER BY seq DESC LIMIT 1"
    const rows = this.db
      .prepare(
        `SELECT told, ${TOLD_US} AS toldUs,
           (SELECT seq ${last}) AS lastSeq, (SELECT ${TIME_US} ${last}) AS lastUs, (SELECT ${CLK} ${last}) AS clk
         FROM events e WHERE open = ${State.open} AND ${OPEN}`,
      )
      .all() as Row[]
    return rows.map(({ lastUs, lastSeq, clk, ...row }) => {
      const { mono_ns: _, ...event } = eventOf(row)
      const end = { ...event, phase: 'end', reason: 'restart', ...(clk && { clk }) } as const
      if (lastUs === null || lastSeq === null) return end
      const ts = isoOf(lastUs)
      const bits = { ...event.bits, last: `${event.cam}/${event.boot}/${lastSeq}` }
      return { ...end, seq: lastSeq, ts, until: ts, bits }
    })
  }

  /** As they were told last, in the order of their first frames; each with what comes after it. */
  list(filter: ArchiveFilter, after: string, limit: number): { event: EventRecord; cursor: string }[] {
    const [first = '0', id = ''] = after.split(':')
    const rows = this.db
      .prepare(
        `SELECT id, first_id AS first, told, ${TOLD_US} AS toldUs FROM events e
         WHERE ${MATCHES} AND (first_id, id) > (@first, @after) ORDER BY first_id, id LIMIT @limit`,
      )
      .all({ ...valuesOf(filter), first: Number(first), after: id, limit }) as (Told & { id: string; first: number })[]
    return rows.map((row) => ({ event: eventOf(row), cursor: `${row.first}:${row.id}` }))
  }

  /** All of a damaged database has been read: what has no end now has none. */
  believe(): void {
    this.db.exec(`UPDATE events SET open = ${State.open} WHERE open = ${State.doubtful} AND ${OPEN}`)
  }

  /** Those that are over and whose frames have all gone. */
  forget(): void {
    this.db.exec(
      `DELETE FROM events WHERE open = ${State.over} AND last_id < ${OLDEST_ID} AND NOT EXISTS (
         SELECT 1 FROM frames WHERE id BETWEEN first_id AND last_id AND +frames.cam = events.cam)`,
    )
    this.spans.forget()
  }

  private idOf(ref: string): number | undefined {
    return this.find.get(...ref.split('/')) as number | undefined
  }
}

/** By what is known of time now. */
function eventOf({ told, toldUs }: Told): EventRecord {
  const event = JSON.parse(told) as EventRecord
  return toldUs === null ? event : shifted(event, toldUs - Date.parse(event.ts) * 1000)
}

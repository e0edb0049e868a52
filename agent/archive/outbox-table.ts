/** The outbox: which frames still have messages to go out, within its limits. */
import { type NewFrame, Part, type Settled, type StoredFrame } from '../outbox.js'
import type { Db, Statement } from './database.js'
import type { Evictions } from './evictions.js'
import { readable } from './packed.js'
import { CLK, KEY_SEQ, ROW_OVERHEAD, TIME_US } from './schema.js'

export interface OutboxLimits {
  readonly outboxMaxBytes: number
  readonly outboxMaxAgeMs: number
  readonly onFull: 'drop_oldest' | 'drop_newest' | 'thin'
}

/** As it lies in the archive. */
export type Row = Omit<NewFrame, 'result'> & { readonly result: Buffer }

interface Waiting {
  readonly bytes: number
  readonly timeUs: number
}

/** Rows touched at once: short transactions, so that a commit never waits long. */
const STEP_ROWS = 500

export class OutboxTable {
  totals = { bytes: 0, rows: 0 }
  thinned = 0
  private readonly insertRow: Statement

  constructor(
    private readonly db: Db,
    private readonly evictions: Evictions,
  ) {
    this.insertRow = db.prepare('INSERT INTO outbox (frame_id, parts, time_us, bytes) VALUES (?, ?, ?, ?)')
    const { n, bytes } = db.prepare('SELECT count(*) AS n, coalesce(sum(bytes), 0) AS bytes FROM outbox').get() as {
      n: number
      bytes: number
    }
    this.totals = { bytes, rows: n }
  }

  /** Inside the transaction that commits the frame; `count` it once that has gone through. */
  insert(id: number, frame: Row): void {
    if (frame.parts) this.insertRow.run(id, frame.parts, frame.timeUs, weigh(frame))
  }

  count(frame: Row): void {
    if (!frame.parts) return
    this.totals.bytes += weigh(frame)
    this.totals.rows++
  }

  /** Frames to publish with id in (after, upTo], oldest first, that have one of the parts. */
  unpublished(after: number, upTo: number, limit: number, parts = -1): StoredFrame[] {
    const rows = this.db
      .prepare(
        `SELECT f.id, cam, boot, seq, ${TIME_US} AS timeUs, ${CLK} AS clk, ${KEY_SEQ} AS keySeq, bits, sha256, model, result, o.parts
         FROM outbox o JOIN frames f ON f.id = o.frame_id
         WHERE o.frame_id > ? AND o.frame_id <= ? AND o.parts & ? ORDER BY o.frame_id LIMIT ?`,
      )
      .all(after, upTo, parts, limit) as (StoredFrame & { readonly result: string | Buffer })[]
    return rows.map((row) => ({ ...row, result: readable(row.result) }))
  }

  /** The newest row taken before the given time; 0 if there is none. */
  lastBefore(timeUs: number): number {
    const id = this.db
      .prepare(
        `SELECT f.id FROM outbox o CROSS JOIN frames f ON f.id = o.frame_id WHERE ${TIME_US} < ? ORDER BY o.frame_id DESC LIMIT 1`,
      )
      .pluck()
      .get(timeUs)
    return (id as number | undefined) ?? 0
  }

  get oldestUs(): number | null {
    const first = `SELECT ${TIME_US} FROM outbox o CROSS JOIN frames f ON f.id = o.frame_id ORDER BY o.frame_id LIMIT 1`
    return (this.db.prepare(first).pluck().get() as number | undefined) ?? null
  }

  remove(ids: readonly number[]): void {
    if (ids.length === 0) return
    this.forget(this.db.transaction(() => ids.flatMap((id) => this.delete(id)))())
  }

  /** Takes messages out, and a row with its last one. */
  settle(settled: readonly Settled[]): void {
    if (settled.length === 0) return
    const last = this.db.prepare('DELETE FROM outbox WHERE frame_id = @id AND parts & ~@parts = 0 RETURNING bytes')
    const some = this.db.prepare('UPDATE outbox SET parts = parts & ~@parts WHERE frame_id = @id')
    const gone = this.db.transaction(() =>
      settled.flatMap((one) => {
        const rows = last.all(one) as { bytes: number }[]
        if (rows.length === 0) some.run(one)
        return rows
      }),
    )()
    this.forget(gone)
  }

  /** Inside a transaction; `forget` what it returns. */
  delete(id: number): { bytes: number }[] {
    return this.db.prepare('DELETE FROM outbox WHERE frame_id = ? RETURNING bytes').all(id) as { bytes: number }[]
  }

  forget(rows: readonly { bytes: number }[]): void {
    for (const { bytes } of rows) this.totals.bytes -= bytes
    this.totals.rows -= rows.length
  }

  /**
   * One short step towards the limits.
   * @param oldestMs frames from before are too old
   * @returns true when there is more to do
   */
  trim(limits: OutboxLimits, oldestMs: number): boolean {
    const tooOld = this.db.prepare(
      `DELETE FROM outbox WHERE frame_id IN (SELECT frame_id FROM outbox WHERE time_us < ? ORDER BY frame_id LIMIT ${STEP_ROWS}) RETURNING bytes, time_us AS timeUs`,
    )
    const old = tooOld.all(Math.max(oldestMs, 0) * 1000) as Waiting[]
    this.forget(old)
    this.evictions.add('outbox_age', old)
    if (old.length > 0 || this.totals.bytes <= limits.outboxMaxBytes) return old.length === STEP_ROWS
    if (limits.onFull === 'thin' && this.thin()) return true
    const gone = this.excess(limits)
    this.evictions.add('outbox_bytes', gone)
    return gone.length === STEP_ROWS
  }

  private excess(limits: OutboxLimits): Waiting[] {
    const order = limits.onFull === 'drop_newest' ? 'DESC' : 'ASC'
    let excess = this.totals.bytes - limits.outboxMaxBytes
    const rows = this.db
      .prepare(
        `SELECT f.id, o.bytes, ${TIME_US} AS timeUs FROM outbox o CROSS JOIN frames f ON f.id = o.frame_id
         ORDER BY o.frame_id ${order} LIMIT ${STEP_ROWS}`,
      )
      .all() as (Waiting & { id: number })[]
    const gone = rows.filter(({ bytes }) => {
      const drop = excess > 0
      excess -= bytes
      return drop
    })
    this.remove(gone.map(({ id }) => id))
    return gone
  }

  /** Takes the bitstream pushes out of the oldest rows; their results still go. */
  private thin(): boolean {
    const heavy = this.db
      .prepare(
        `SELECT o.frame_id AS id, f.bytes FROM outbox o JOIN frames f ON f.id = o.frame_id
         WHERE o.parts & ${Part.bits} AND o.parts != ${Part.bits} ORDER BY o.frame_id LIMIT ${STEP_ROWS}`,
      )
      .all() as { id: number; bytes: number }[]
    const thin = this.db.prepare(
      `UPDATE outbox SET parts = parts & ~${Part.bits}, bytes = bytes - ? WHERE frame_id = ?`,
    )
    this.db.transaction(() => {
      for (const { id, bytes } of heavy) thin.run(bytes, id)
    })()
    for (const { bytes } of heavy) this.totals.bytes -= bytes
    this.thinned += heavy.length
    return heavy.length > 0
  }
}

/** About what it takes on the disk. */
function weigh(frame: Row): number {
  return frame.bits.length + frame.result.length + ROW_OVERHEAD
}

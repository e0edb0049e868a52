/**
 * Which frames were timed by which line, so that those taken before the time was known can be moved when it is. A line is an
 * offset to the boot clock of one start of the system, which goes on when the agent is restarted. Frames are moved in short
 * steps; who reads their times meanwhile (schema.ts) sees them moved.
 */
import type { ClockState, Line, Past } from '../clock.js'
import type { Db } from './database.js'
import { TIME_US } from './schema.js'

interface Row {
  readonly firstId: number
  readonly lastId: number | null
  readonly system: string
  readonly offsetUs: number
  readonly clk: ClockState
  readonly final: 0 | 1
  readonly targetUs: number | null
  readonly movedId: number | null
}
const COLUMNS =
  'first_id AS firstId, last_id AS lastId, system, offset_us AS offsetUs, clk, final, target_us AS targetUs, moved_id AS movedId'

/** Lines nearer than this are the same: what the clock slews is not worth a move. */
const SAME_US = 2e6
/** Frames of an earlier start that are this much later than the present cannot be timed right. */
const FUTURE_US = 60e6
const MOVE_ROWS = 500

export class Stretches {
  moved = 0

  /** @param system one start of the system, see agent/clock-sync.ts */
  constructor(
    private readonly db: Db,
    private readonly system: string,
  ) {
    try {
      // What comes next may be of a rebuild, whose times are its own.
      db.prepare('UPDATE stretches SET last_id = ? WHERE last_id IS NULL').run(this.lastId())
      db.exec(
        'DELETE FROM stretches WHERE target_us IS NULL AND last_id < coalesce((SELECT min(id) FROM frames), 9e15)',
      )
    } catch (error) {
      if (!/^SQLITE_(FULL|IOERR)/.test((error as { code?: string }).code ?? '')) throw error
    }
  }

  past(): Past {
    const [same] = this.rows('WHERE system = ? ORDER BY first_id DESC LIMIT 1', this.system)
    const [other] = this.rows("WHERE system <> ? AND clk <> 'unsynced' ORDER BY first_id DESC LIMIT 1", this.system)
    const [first] = this.rows('ORDER BY first_id LIMIT 1')
    const [left] =
      same?.clk === 'unsynced'
        ? this.rows("WHERE system = ? AND clk <> 'unsynced' ORDER BY first_id DESC LIMIT 1", this.system)
        : []
    // Before the first stretch lie the frames of earlier versions.
    const upTo = other?.lastId ?? (first ? first.firstId - 1 : this.lastId())
    const newest = this.db
      .prepare(`SELECT ${TIME_US} FROM frames f WHERE id <= ? ORDER BY id DESC LIMIT 1`)
      .pluck()
      .get(upTo) as number | undefined
    return {
      newestMs: newest === undefined ? null : newest / 1000,
      line: same ? asLine(same) : null,
      left: left && asLine(left),
    }
  }

  /** From the next frame on. */
  tell(line: Line, nowMs: number): void {
    const offsetUs = Math.round(line.offsetMs * 1000)
    this.db.transaction(() => {
      const last = this.lastId()
      const [open] = this.rows('WHERE last_id IS NULL')
      if (
        open &&
        open.system === this.system &&
        (open.clk === 'ok') === line.known &&
        Math.abs(open.offsetUs - offsetUs) <= SAME_US
      ) {
        // What is final moves no more, and a restart compares with where the line is now.
        if (line.final) this.set(open, { offset_us: offsetUs })
      } else {
        if (open) this.set(open, { last_id: last })
        // What no frame came for, in this run or the one before, which closed it so: the next frame is of the new one.
        this.db.prepare('DELETE FROM stretches WHERE first_id > ?').run(last)
        this.db
          .prepare('INSERT INTO stretches (first_id, system, offset_us, clk, final) VALUES (?, ?, ?, ?, 0)')
          .run(last + 1, this.system, offsetUs, line.known ? 'ok' : 'unsynced')
      }
      if (!line.known) return
      this.restamp(offsetUs)
      this.estimate(nowMs * 1000)
      if (line.final)
        this.db.prepare("UPDATE stretches SET final = 1 WHERE clk <> 'unsynced' OR system <> ?").run(this.system)
    })()
  }

  /** Whether there are frames whose time in the tables is not yet the one that is known. */
  get moving(): boolean {
    return this.rows('WHERE target_us IS NOT NULL LIMIT 1').length > 0
  }

  /** One short step. @returns true when there is more to move */
  move(): boolean {
    const [row] = this.rows('WHERE target_us IS NOT NULL ORDER BY first_id LIMIT 1')
    if (!row) return false
    const { firstId, lastId, offsetUs, targetUs } = row
    const after = row.movedId ?? firstId - 1
    const ids = { after, last: lastId ?? after }
    this.db.transaction(() => {
      const upTo = this.db
        .prepare(
          `SELECT max(id) FROM (SELECT id FROM frames WHERE id > @after AND id <= @last ORDER BY id LIMIT ${MOVE_ROWS})`,
        )
        .pluck()
        .get(ids) as number | null
      if (upTo !== null) {
        const range = { after, upTo, by: targetUs! - offsetUs }
        this.moved += this.db
          .prepare('UPDATE frames SET time_us = time_us + @by WHERE id > @after AND id <= @upTo')
          .run(range).changes
        this.db
          .prepare('UPDATE outbox SET time_us = time_us + @by WHERE frame_id > @after AND frame_id <= @upTo')
          .run(range)
      }
      if (upTo === null || upTo >= ids.last) this.set(row, { offset_us: targetUs, target_us: null, moved_id: null })
      else this.set(row, { moved_id: upTo })
    })()
    return true
  }

  /** What this start of the system took before its time was known. */
  private restamp(offsetUs: number): void {
    for (const row of this.rows('WHERE system = ? AND final = 0 AND last_id IS NOT NULL', this.system)) {
      const apart = Math.abs(lineOf(row) - offsetUs)
      if (apart > SAME_US) this.aim(row, offsetUs, 'restamped')
      else if (row.clk === 'unsynced') this.set(row, { clk: 'restamped' })
    }
  }

  /**
   * Frames of earlier starts of the system that never got a known time lie between what came before and after them. They are
   * taken for as young as they can be, so that none expires early; and so are frames from the future.
   */
  private estimate(nowUs: number): void {
    const [ours] = this.rows('WHERE system = ? ORDER BY first_id LIMIT 1', this.system)
    let end = this.time(ours!.firstId, null, 'ASC') ?? nowUs
    for (const row of this.rows('WHERE system <> ? AND last_id IS NOT NULL ORDER BY first_id DESC', this.system)) {
      const last = this.time(row.firstId, row.lastId, 'DESC')
      const first = this.time(row.firstId, row.lastId, 'ASC')
      if (last === undefined || first === undefined) continue
      const lost = row.clk === 'unsynced' && row.final === 0
      const by = lost || last > end + FUTURE_US ? end - last : 0
      if (Math.abs(by) > SAME_US) this.aim(row, lineOf(row) + by, 'unsynced')
      end = Math.min(end, first + by)
    }
  }

  private aim(row: Row, targetUs: number, clk: ClockState): void {
    let { firstId } = row
    if (row.targetUs !== null && row.movedId !== null && row.movedId >= firstId) {
      // Half of it has been moved elsewhere already: two stretches from now on.
      const { system, offsetUs, final } = row
      this.set(row, { last_id: row.movedId, offset_us: row.targetUs, target_us: null, moved_id: null })
      this.aim({ ...row, lastId: row.movedId, offsetUs: row.targetUs, targetUs: null, movedId: null }, targetUs, clk)
      firstId = row.movedId + 1
      this.db
        .prepare('INSERT INTO stretches (first_id, last_id, system, offset_us, clk, final) VALUES (?, ?, ?, ?, ?, ?)')
        .run(firstId, row.lastId, system, offsetUs, clk, final)
    }
    this.set({ firstId }, { target_us: targetUs, moved_id: firstId - 1, clk })
  }

  /** Time of the first or last frame there is between the two. */
  private time(firstId: number, lastId: number | null, order: 'ASC' | 'DESC'): number | undefined {
    return this.db
      .prepare(`SELECT ${TIME_US} FROM frames f WHERE id BETWEEN ? AND ? ORDER BY id ${order} LIMIT 1`)
      .pluck()
      .get(firstId, lastId ?? Number.MAX_SAFE_INTEGER) as number | undefined
  }

  private set({ firstId }: { firstId: number }, columns: Record<string, string | number | null>): void {
    const assignments = Object.keys(columns).map((name) => `${name} = @${name}`)
    this.db.prepare(`UPDATE stretches SET ${assignments} WHERE first_id = @firstId`).run({ ...columns, firstId })
  }

  private rows(where: string, ...values: unknown[]): Row[] {
    return this.db.prepare(`SELECT ${COLUMNS} FROM stretches ${where}`).all(...values) as Row[]
  }

  /** Of all frames that there ever were. */
  private lastId(): number {
    const last = this.db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'frames'").pluck().get()
    return (last as number | undefined) ?? 0
  }
}

const asLine = (row: Row): Line => ({
  offsetMs: lineOf(row) / 1000,
  known: row.clk !== 'unsynced',
  final: row.final === 1,
})
/** Where its frames are, or are on their way to. */
const lineOf = ({ offsetUs, targetUs }: Row) => targetUs ?? offsetUs

/**
 * The archive: bitstreams, results and the outbox in one SQLite database, the only file that knows better-sqlite3.
 * A frame is committed with its outbox row in one transaction, before anything is published; the row goes when the broker
 * has acknowledged every message of the frame.
 *
 * WAL with synchronous=NORMAL: a killed process loses nothing that was committed; a power cut can lose the last
 * transactions since the WAL was last synced (see docs/operations.md), never the database.
 */
import { mkdirSync, statfsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { AgentError, ExitCode, messageOf } from '../errors.js'
import { type NewFrame, Part, type StoredFrame } from '../outbox.js'

export interface Summary {
  readonly id: number
  readonly cam: string
  readonly boot: string
  readonly seq: number
  readonly timeUs: number
  readonly bytes: number
  readonly sha256: string
  readonly model: string
  readonly pinned: boolean
  readonly keySeq: number
  /** Of the record's container, which is its fifth byte. */
  readonly version: number
}

export interface ArchiveLimits {
  readonly maxBytes: number
  readonly maxAgeMs: number
  readonly minFreeBytes: number
  readonly outboxMaxBytes: number
  readonly outboxMaxAgeMs: number
  readonly onFull: 'drop_oldest' | 'drop_newest' | 'thin'
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS frames (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    cam TEXT NOT NULL, boot TEXT NOT NULL, seq INTEGER NOT NULL,
    time_us INTEGER NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, model TEXT NOT NULL,
    pinned INTEGER NOT NULL DEFAULT 0, result TEXT NOT NULL, bits BLOB NOT NULL,
    key_seq INTEGER, -- seq of the segment's keyframe; NULL, of frames older than segments: its own
    UNIQUE (cam, boot, seq)
  );
  CREATE INDEX IF NOT EXISTS frames_time ON frames (cam, time_us);
  CREATE TABLE IF NOT EXISTS outbox (
    frame_id INTEGER PRIMARY KEY REFERENCES frames (id) ON DELETE CASCADE,
    parts INTEGER NOT NULL, time_us INTEGER NOT NULL, bytes INTEGER NOT NULL
  );
  -- The last frame evicted of each run: one short row, kept when all its frames are gone.
  CREATE TABLE IF NOT EXISTS evicted (
    cam TEXT NOT NULL, boot TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (cam, boot)
  ) WITHOUT ROWID;
`
const SCHEMA_VERSION = 2
/** From each version to the next. None may rewrite the frames: the disk of an old box is as full as its archive may be. */
const MIGRATIONS: Record<number, string> = { 1: 'ALTER TABLE frames ADD COLUMN key_seq INTEGER' }
const KEY_SEQ = 'coalesce(key_seq, seq)'
/** Rows of the segment (@cam, @boot, @keySeq). Its seqs have no gap, so the index of the names leads there and no other is needed. */
const IN_SEGMENT = `cam = @cam AND boot = @boot AND seq >= @keySeq AND seq < coalesce(
  (SELECT seq FROM frames WHERE cam = @cam AND boot = @boot AND seq > @keySeq AND ${KEY_SEQ} <> @keySeq
   ORDER BY seq LIMIT 1), 9e15)`
interface SegmentName {
  readonly cam: string
  readonly boot: string
  readonly keySeq: number
}
/** Rows removed at once: short transactions, so that a commit never waits long for an eviction. */
const EVICT_ROWS = 500
/** A result, its index entries and its share of a page, beside the bitstream. Used for limits only. */
const ROW_OVERHEAD = 1500

export class Archive {
  readonly counters = { archived: 0, evicted: 0, unpublishedDropped: 0, thinned: 0 }
  private totals = { bytes: 0, frames: 0, outboxBytes: 0, outboxRows: 0 }
  /** By camera, the segment last written to: what comes next is predicted from it, so it is not evicted while frames come. */
  private readonly live = new Map<string, { readonly segment: string; readonly timeUs: number }>()
  private readonly insertFrame: Database.Statement
  private readonly insertOutbox: Database.Statement
  private readonly commitFrame: (frame: NewFrame) => number

  private constructor(
    private readonly db: Database.Database,
    readonly path: string,
    private readonly lock: Database.Database,
  ) {
    this.insertFrame = db.prepare(
      `INSERT INTO frames (cam, boot, seq, time_us, key_seq, bytes, sha256, model, result, bits, pinned)
       VALUES (@cam, @boot, @seq, @timeUs, @keySeq, @bytes, @sha256, @model, @result, @bits,
         coalesce((SELECT pinned FROM frames WHERE cam = @cam AND boot = @boot AND seq = @keySeq), 0))`,
    )
    this.insertOutbox = db.prepare('INSERT INTO outbox (frame_id, parts, time_us, bytes) VALUES (?, ?, ?, ?)')
    this.commitFrame = db.transaction((frame: NewFrame) => {
      const { parts: _, ...columns } = frame
      const id = Number(this.insertFrame.run({ ...columns, bytes: frame.bits.length }).lastInsertRowid)
      if (frame.parts) this.insertOutbox.run(id, frame.parts, frame.timeUs, this.weigh(frame))
      return id
    })
    this.countTotals()
  }

  /** @throws {AgentError} when the folder or the database cannot be used. Nothing is ever deleted on opening. */
  static open(stateDir: string): Archive {
    const path = join(stateDir, 'archive.sqlite')
    let lock: Database.Database | undefined
    try {
      mkdirSync(dirname(path), { recursive: true })
      lock = lockDir(stateDir)
      const db = new Database(path)
      db.pragma('journal_mode = WAL')
      db.pragma('synchronous = NORMAL')
      db.pragma('foreign_keys = ON')
      db.pragma('busy_timeout = 5000')
      const version = db.pragma('user_version', { simple: true }) as number
      if (version > SCHEMA_VERSION) throw new Error(`written by a newer version of blindsight (schema ${version})`)
      db.transaction(() => {
        for (let from = version; from > 0 && from < SCHEMA_VERSION; from++) db.exec(MIGRATIONS[from]!)
        db.exec(SCHEMA)
        db.pragma(`user_version = ${SCHEMA_VERSION}`)
      })()
      return new Archive(db, path, lock)
    } catch (cause) {
      lock?.close()
      throw new AgentError(
        'archive',
        `${path}: cannot be opened (${messageOf(cause)}); check stateDir, its owner and the disk`,
        ExitCode.input,
        { cause },
      )
    }
  }

  /** Bitstream, result and outbox row in one transaction. @throws SQLite's error, e.g. with `code` SQLITE_FULL */
  commit(frame: NewFrame): number {
    // Also when it fails: a keyframe that finds no room may take that of the segment it ends.
    this.live.set(frame.cam, { segment: `${frame.cam}/${frame.boot}/${frame.keySeq}`, timeUs: frame.timeUs })
    const id = this.commitFrame(frame)
    this.totals.bytes += this.weigh(frame)
    this.totals.frames++
    if (frame.parts) {
      this.totals.outboxBytes += this.weigh(frame)
      this.totals.outboxRows++
    }
    this.counters.archived++
    return id
  }

  /** Frames to publish with id in (after, upTo], oldest first. */
  unpublished(after: number, upTo: number, limit: number): StoredFrame[] {
    return this.db
      .prepare(
        `SELECT f.id, cam, boot, seq, f.time_us AS timeUs, ${KEY_SEQ} AS keySeq, bits, sha256, model, result, o.parts
         FROM outbox o JOIN frames f ON f.id = o.frame_id
         WHERE o.frame_id > ? AND o.frame_id <= ? ORDER BY o.frame_id LIMIT ?`,
      )
      .all(after, upTo, limit) as StoredFrame[]
  }

  /** The newest outbox row taken before the given time; 0 if there is none. */
  lastUnpublishedBefore(timeUs: number): number {
    const row = this.db.prepare('SELECT max(frame_id) AS id FROM outbox WHERE time_us < ?').get(timeUs) as {
      id: number | null
    }
    return row.id ?? 0
  }

  /** Removes the outbox rows of frames whose messages the broker has acknowledged. */
  acknowledge(ids: readonly number[]): void {
    if (ids.length === 0) return
    const remove = this.db.prepare('DELETE FROM outbox WHERE frame_id = ? RETURNING bytes')
    const gone = this.db.transaction(() => ids.flatMap((id) => remove.all(id) as { bytes: number }[]))()
    this.forgetOutbox(gone)
  }

  find(cam: string, boot: string, seq: number): Summary | undefined {
    return this.summaries('cam = ? AND boot = ? AND seq = ?', [cam, boot, seq], 1)[0]
  }

  /** Bytes [off, off + length) of a bitstream, read by SQLite without loading the rest. */
  readBits(id: number, off: number, length: number): Buffer {
    const row = this.db.prepare('SELECT substr(bits, ?, ?) AS part FROM frames WHERE id = ?').get(off + 1, length, id)
    return (row as { part: Buffer }).part
  }

  /** The records of a segment, key first. */
  segment(cam: string, boot: string, keySeq: number): Buffer[] {
    const bits = this.db.prepare(`SELECT bits FROM frames WHERE ${IN_SEGMENT} ORDER BY seq`).pluck()
    return bits.all({ cam, boot, keySeq }) as Buffer[]
  }

  /** Frames after `cursor`, oldest first. */
  list(query: { cam?: string; fromUs?: number; toUs?: number; cursor: number; limit: number }): Summary[] {
    const where = ['id > ?']
    const values: (string | number)[] = [query.cursor]
    if (query.cam !== undefined) where.push('cam = ?') && values.push(query.cam)
    if (query.fromUs !== undefined) where.push('time_us >= ?') && values.push(query.fromUs)
    if (query.toUs !== undefined) where.push('time_us <= ?') && values.push(query.toUs)
    return this.summaries(where.join(' AND '), values, query.limit)
  }

  /** With the whole segment that it is in, and what is yet to come of it: without the others it cannot be decoded. */
  pin(id: number, pinned: boolean): void {
    const of = this.db.prepare(`SELECT cam, boot, ${KEY_SEQ} AS keySeq FROM frames WHERE id = ?`)
    const segment = of.get(id) as SegmentName | undefined
    if (segment)
      this.db.prepare(`UPDATE frames SET pinned = @to WHERE ${IN_SEGMENT}`).run({ ...segment, to: pinned ? 1 : 0 })
  }

  /** Whether a frame of this run has been here: tells evicted from never seen. */
  wasSeen(cam: string, boot: string, seq: number): boolean {
    const row = this.db
      .prepare(
        `SELECT max(seq) AS seq FROM (SELECT max(seq) AS seq FROM frames WHERE cam = @cam AND boot = @boot
         UNION ALL SELECT seq FROM evicted WHERE cam = @cam AND boot = @boot)`,
      )
      .get({ cam, boot }) as { seq: number | null }
    return row.seq !== null && seq <= row.seq
  }

  /**
   * Brings archive and outbox under their limits, one short step at a time.
   * @returns true when there is more to do
   */
  enforce(limits: ArchiveLimits, nowMs: number): boolean {
    const oldest = (nowMs - limits.maxAgeMs) * 1000
    // A camera that has gone silent keeps nothing past its time.
    for (const [cam, { timeUs }] of this.live) if (timeUs < oldest) this.live.delete(cam)
    const over = () => this.totals.bytes > limits.maxBytes || this.freeBytes() < limits.minFreeBytes
    const evicted = this.evict((timeUs) => timeUs < oldest || over())
    const trimmed = this.trimOutbox(limits, nowMs)
    return evicted >= EVICT_ROWS || trimmed === EVICT_ROWS
  }

  /** Makes room at once, for a disk that is full. */
  evictOldest(): number {
    return this.evict(() => true)
  }

  get stats() {
    const row = this.db.prepare('SELECT min(time_us) AS oldest FROM outbox').get() as { oldest: number | null }
    const first = this.db
      .prepare('SELECT min(id) AS id, min(time_us) AS t FROM frames WHERE id = (SELECT min(id) FROM frames)')
      .get() as { t: number | null }
    return { ...this.totals, oldestUnpublishedUs: row.oldest, oldestUs: first.t }
  }

  /** What can still be written: the disk's free space, and pages of the database that evictions have emptied. */
  freeBytes(): number {
    const { bavail, bsize } = statfsSync(dirname(this.path))
    const emptied = this.db.pragma('freelist_count', { simple: true }) as number
    return bavail * bsize + emptied * (this.db.pragma('page_size', { simple: true }) as number)
  }

  close(): void {
    this.db.close()
    this.lock.close()
  }

  /**
   * Oldest segment first, while `needed` says so of its time; whole segments, as nothing decodes without its keyframe; not the
   * ones that still grow. Totals change only once the transaction has gone through.
   */
  private evict(needed: (oldestUs: number) => boolean): number {
    const before = { ...this.totals }
    const unpublished: { bytes: number }[] = []
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
    const outbox = this.db.prepare('DELETE FROM outbox WHERE frame_id = ? RETURNING bytes')
    const frame = this.db.prepare(
      'DELETE FROM frames WHERE id = ? RETURNING cam, boot, seq, bytes, length(result) AS result',
    )
    const remember = this.db.prepare(
      'INSERT INTO evicted VALUES (@cam, @boot, @seq) ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)',
    )
    let rows = 0
    try {
      this.db.transaction(() => {
        while (rows < EVICT_ROWS) {
          const found = oldest.get(live) as (SegmentName & { timeUs: number }) | undefined
          if (!found || !needed(found.timeUs)) break
          const { timeUs: _, ...segment } = found
          for (const id of ids.all(segment)) {
            const waiting = outbox.all(id) as { bytes: number }[]
            unpublished.push(...waiting)
            this.forgetOutbox(waiting)
            const gone = frame.get(id) as { cam: string; boot: string; seq: number; bytes: number; result: number }
            remember.run(gone)
            this.totals.bytes -= gone.bytes + gone.result + ROW_OVERHEAD
            this.totals.frames--
            rows++
          }
        }
      })()
    } catch (error) {
      this.totals = before
      throw error
    }
    this.counters.unpublishedDropped += unpublished.length
    this.counters.evicted += rows
    return rows
  }

  private trimOutbox(limits: ArchiveLimits, nowMs: number): number {
    const tooOld = this.db.prepare(
      `DELETE FROM outbox WHERE frame_id IN (SELECT frame_id FROM outbox WHERE time_us < ? ORDER BY frame_id LIMIT ${EVICT_ROWS}) RETURNING bytes`,
    )
    let gone = tooOld.all((nowMs - limits.outboxMaxAgeMs) * 1000) as { bytes: number }[]
    this.forgetOutbox(gone)
    if (gone.length === 0 && this.totals.outboxBytes > limits.outboxMaxBytes) {
      if (limits.onFull === 'thin' && this.thinOutbox()) return EVICT_ROWS
      const order = limits.onFull === 'drop_newest' ? 'DESC' : 'ASC'
      let excess = this.totals.outboxBytes - limits.outboxMaxBytes
      const rows = this.db
        .prepare(`SELECT frame_id AS id, bytes FROM outbox ORDER BY frame_id ${order} LIMIT ${EVICT_ROWS}`)
        .all() as { id: number; bytes: number }[]
      gone = rows.filter(({ bytes }) => {
        const drop = excess > 0
        excess -= bytes
        return drop
      })
      this.acknowledge((gone as typeof rows).map(({ id }) => id))
    }
    this.counters.unpublishedDropped += gone.length
    return gone.length
  }

  /** Takes the bitstream pushes out of the oldest rows; their results still go. */
  private thinOutbox(): boolean {
    const heavy = this.db
      .prepare(
        `SELECT o.frame_id AS id, f.bytes FROM outbox o JOIN frames f ON f.id = o.frame_id
         WHERE o.parts & ${Part.bits} AND o.parts != ${Part.bits} ORDER BY o.frame_id LIMIT ${EVICT_ROWS}`,
      )
      .all() as { id: number; bytes: number }[]
    const thin = this.db.prepare(
      `UPDATE outbox SET parts = parts & ~${Part.bits}, bytes = bytes - ? WHERE frame_id = ?`,
    )
    this.db.transaction(() => {
      for (const { id, bytes } of heavy) thin.run(bytes, id)
    })()
    for (const { bytes } of heavy) this.totals.outboxBytes -= bytes
    this.counters.thinned += heavy.length
    return heavy.length > 0
  }

  private forgetOutbox(rows: readonly { bytes: number }[]): void {
    for (const { bytes } of rows) this.totals.outboxBytes -= bytes
    this.totals.outboxRows -= rows.length
  }

  private summaries(where: string, values: unknown[], limit: number): Summary[] {
    const rows = this.db
      .prepare(
        `SELECT id, cam, boot, seq, time_us AS timeUs, ${KEY_SEQ} AS keySeq, substr(bits, 5, 1) AS version, bytes, sha256, model, pinned FROM frames WHERE ${where} ORDER BY id LIMIT ?`,
      )
      .all(...values, limit) as (Omit<Summary, 'pinned' | 'version'> & { pinned: number; version: Buffer })[]
    return rows.map((row) => ({ ...row, pinned: row.pinned === 1, version: row.version[0] ?? 0 }))
  }

  private countTotals(): void {
    const frames = this.db
      .prepare(`SELECT count(*) AS n, coalesce(sum(bytes + length(result) + ${ROW_OVERHEAD}), 0) AS bytes FROM frames`)
      .get() as { n: number; bytes: number }
    const outbox = this.db.prepare('SELECT count(*) AS n, coalesce(sum(bytes), 0) AS bytes FROM outbox').get() as {
      n: number
      bytes: number
    }
    this.totals = { bytes: frames.bytes, frames: frames.n, outboxBytes: outbox.bytes, outboxRows: outbox.n }
  }

  private weigh(frame: NewFrame): number {
    return frame.bits.length + frame.result.length + ROW_OVERHEAD
  }
}

/**
 * Two agents on one archive would publish and forget each other's frames. The lock is the system's, on a file of its own, so
 * it goes with the process however that ends.
 */
function lockDir(stateDir: string): Database.Database {
  const lock = new Database(join(stateDir, 'lock'), { timeout: 0 })
  try {
    lock.exec('BEGIN EXCLUSIVE')
    return lock
  } catch (cause) {
    lock.close()
    if ((cause as { code?: string }).code !== 'SQLITE_BUSY') throw cause
    throw new Error('another running blindsight uses it; stop that one, or give this one a directory of its own')
  }
}

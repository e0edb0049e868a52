/**
 * The archive: bitstreams, results and the outbox in one SQLite database. A frame is committed with its outbox row in one
 * transaction, before anything is published; the row goes when the broker has acknowledged every message of the frame.
 */
import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ArchiveFilter } from '../archive-filter.js'
import type { ClockState, Line, Moment, Past } from '../clock.js'
import { systemBoot } from '../clock-sync.js'
import {
  ALL_PARTS,
  type EventRecord,
  type NewFrame,
  type OldFrame,
  Part,
  type Settled,
  type StoredFrame,
} from '../outbox.js'
import { databasePath } from './aside.js'
import { idsByTime, type TimeQuery } from './by-time.js'
import { asArchiveError, type Db, openDatabase, type Statement } from './database.js'
import { idsInEvents } from './event-frames.js'
import { EventTable } from './event-table.js'
import { type Evicted, Evictions } from './evictions.js'
import { FrameCount } from './frame-count.js'
import { Horizon, type Stored } from './horizon.js'
import { type OutboxLimits, OutboxTable, type Row } from './outbox-table.js'
import { pack, readable } from './packed.js'
import { EVICT_ROWS, Retention } from './retention.js'
import { CLK, IN_SEGMENT, KEY_SEQ, type SegmentName, TIME_US } from './schema.js'
import { Spans } from './spans.js'
import { Stretches } from './stretches.js'

export interface Summary {
  readonly id: number
  readonly cam: string
  readonly boot: string
  readonly seq: number
  readonly timeUs: number
  /** Whether that is known; null of frames of an earlier version. */
  readonly clk: ClockState | null
  readonly bytes: number
  readonly sha256: string
  readonly model: string
  readonly pinned: boolean
  readonly keySeq: number
  /** Of the record's container, which is its fifth byte. */
  readonly version: number
}

export interface ArchiveLimits extends OutboxLimits {
  readonly maxBytes: number
  readonly maxAgeMs: number
  /** Of frames that events touch; absent: as the others. */
  readonly keepEventsMs?: number | undefined
  readonly minFreeBytes: number
  /** So much of what came last is kept even where that leaves less free than it should, or nothing. */
  readonly keepNewestMs: number
}

/** Horizons are written down when they have come this far: what a kill costs is that so much expires a little later. */
const SAVE_MS = 60_000

/** What has an age limit: frames, those that events touch, and what was not published. */
type Limited = 'archive' | 'events' | 'outbox'

export class Archive {
  private archived = 0
  private readonly evictions = new Evictions()
  private readonly outbox: OutboxTable
  private readonly frames: FrameCount
  private readonly retention: Retention
  private readonly stretches: Stretches
  private readonly events: EventTable
  private readonly horizons: Record<Limited, Horizon>
  private readonly insertFrame: Statement
  private readonly usedBytes: Statement
  private readonly commitFrame: (row: Row) => number

  private constructor(
    private readonly db: Db,
    readonly path: string,
    private readonly lock: Db,
    monoMs: () => number,
    system: string,
  ) {
    this.outbox = new OutboxTable(db, this.evictions)
    this.frames = new FrameCount(db)
    this.stretches = new Stretches(db, system)
    const spans = new Spans(db)
    this.events = new EventTable(db, spans)
    this.retention = new Retention(db, this.frames, this.outbox, this.evictions, spans, this.stretches, monoMs)
    const horizon = (name: Limited) => new Horizon(this.load(name))
    this.horizons = { archive: horizon('archive'), events: horizon('events'), outbox: horizon('outbox') }
    this.insertFrame = db.prepare(
      `INSERT INTO frames (cam, boot, seq, time_us, key_seq, bytes, sha256, model, result, bits, pinned)
       VALUES (@cam, @boot, @seq, @timeUs, @keySeq, @bytes, @sha256, @model, @result, @bits,
         coalesce((SELECT pinned FROM frames WHERE cam = @cam AND boot = @boot AND seq = @keySeq), 0))`,
    )
    this.usedBytes = db
      .prepare(
        'SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size',
      )
      .pluck()
    this.commitFrame = db.transaction((row: Row) => {
      const { parts: _, events = [], ...columns } = row
      const id = Number(this.insertFrame.run({ ...columns, bytes: row.bits.length }).lastInsertRowid)
      this.outbox.insert(id, row)
      this.events.note(id, events)
      return id
    })
  }

  /** @throws {ArchiveError} when the folder or the database cannot be used. Nothing is ever deleted on opening. */
  static open(stateDir: string, monoMs = () => performance.now(), system = systemBoot() ?? ''): Archive {
    const path = databasePath(stateDir)
    const { db, lock } = openDatabase(stateDir)
    try {
      return new Archive(db, path, lock, monoMs, system)
    } catch (cause) {
      db.close()
      lock.close()
      throw asArchiveError(path, cause)
    }
  }

  /** Bitstream, result and outbox row in one transaction. @throws SQLite's error, e.g. with `code` SQLITE_FULL */
  commit(frame: NewFrame): number {
    this.retention.grows(frame)
    const row = { ...frame, result: pack(frame.result) }
    const id = this.commitFrame(row)
    this.frames.added(id)
    this.retention.came(frame)
    this.outbox.count(row)
    this.archived++
    return id
  }

  /** Ids of a database that has just begun. */
  beginAfter(id: number): void {
    const first =
      "INSERT INTO sqlite_sequence (name, seq) SELECT 'frames', ? WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence)"
    this.db.prepare(first).run(id)
  }

  /**
   * Frames of a database that was set aside, in one transaction; what is here already stays as it is.
   * @returns how many were new
   */
  adopt(frames: readonly OldFrame[]): number {
    const insert = this.db.prepare(
      `INSERT OR IGNORE INTO frames (id, cam, boot, seq, time_us, key_seq, bytes, sha256, model, result, bits, pinned)
       VALUES (iif(EXISTS (SELECT 1 FROM frames WHERE id = @id), NULL, @id),
         @cam, @boot, @seq, @timeUs, @keySeq, @bytes, @sha256, @model, @result, @bits, @pinned)`,
    )
    const fresh: Row[] = []
    const adopt = this.db.transaction(() => {
      for (const frame of frames) {
        const row = { ...frame, result: pack(frame.result) }
        const { parts: _, events = [], ...columns } = row
        const { changes, lastInsertRowid } = insert.run({ ...columns, bytes: row.bits.length })
        if (changes === 0) continue
        const id = Number(lastInsertRowid)
        this.frames.added(id)
        this.outbox.insert(id, row)
        this.events.note(id, events, true)
        fresh.push(row)
      }
      this.frames.save()
    })
    this.frames.within(adopt)
    for (const row of fresh) {
      this.retention.came(row)
      this.outbox.count(row)
    }
    return fresh.length
  }

  /** Events that have a start here and no end, as they are told at the start of another agent. */
  endedEvents(): EventRecord[] {
    return this.events.ended()
  }

  /** Of a damaged database there is no more to come. */
  believeEvents(): void {
    this.events.believe()
  }

  /** What it knows of time, for the clock to begin with. */
  past(): Past {
    return this.stretches.past()
  }

  /** How frames are timed from the next one on; what was timed wrongly before is moved, in `restamp`. */
  timedBy(line: Line, nowMs: number): void {
    this.stretches.tell(line, nowMs)
  }

  /** Moves frames to their known time, one short step at a time. @returns true when there is more to do */
  restamp(): boolean {
    const moving = this.stretches.move()
    if (moving) this.retention.moved()
    return moving
  }

  /** Frames to publish with id in (after, upTo], oldest first, that have one of the parts. */
  unpublished(after: number, upTo: number, limit: number, parts?: number): StoredFrame[] {
    return this.outbox.unpublished(after, upTo, limit, parts)
  }

  /** The newest outbox row taken before the given time; 0 if there is none. */
  lastUnpublishedBefore(timeUs: number): number {
    return this.outbox.lastBefore(timeUs)
  }

  /** Takes messages out of the outbox, and a frame's row with its last one. */
  settle(settled: readonly Settled[]): void {
    this.outbox.settle(settled)
  }

  find(cam: string, boot: string, seq: number): Summary | undefined {
    return this.summaries('cam = @cam AND boot = @boot AND seq = @seq', { cam, boot, seq, limit: 1 })[0]
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

  /** Frames after `cursor`, oldest first: by time where a camera or a time is asked for, else as they came. */
  list(query: ArchiveFilter & TimeQuery): Summary[] {
    const { cam, fromUs, toUs, cursor, limit } = query
    if (query.class !== undefined || query.zone !== undefined || query.event !== undefined)
      return this.summaries(`${AMONG} ORDER BY id`, { ids: JSON.stringify(this.inEvents(query)), limit })
    if (cam === undefined && fromUs === undefined && toUs === undefined)
      return this.summaries('id > @cursor ORDER BY id', { cursor, limit })
    return this.summaries(`${AMONG} ORDER BY timeUs, id`, { ids: JSON.stringify(idsByTime(this.db, query)), limit })
  }

  private inEvents(query: ArchiveFilter & { cursor: number; limit: number }): number[] {
    const ids: number[] = []
    for (const id of idsInEvents(this.db, query, query.cursor)) if (ids.push(id) === query.limit) break
    return ids
  }

  /** Events, oldest first. */
  listOfEvents({ cursor, limit, ...filter }: ArchiveFilter & { cursor: string; limit: number }) {
    return this.events.list(filter, cursor, limit)
  }

  /** With the whole segment that it is in, and what is yet to come of it: without the others it cannot be decoded. */
  pin(id: number, pinned: boolean): void {
    const of = this.db.prepare(`SELECT cam, boot, ${KEY_SEQ} AS keySeq FROM frames WHERE id = ?`)
    const segment = of.get(id) as SegmentName | undefined
    if (!segment) return
    this.db.prepare(`UPDATE frames SET pinned = @to WHERE ${IN_SEGMENT}`).run({ ...segment, to: pinned ? 1 : 0 })
    const begins = this.db.prepare(`SELECT min(time_us) FROM frames WHERE ${IN_SEGMENT}`).pluck()
    if (!pinned) this.retention.came({ cam: segment.cam, timeUs: begins.get(segment) as number })
  }

  /** Whether a frame of this run has been here: tells evicted from never seen. */
  wasSeen(cam: string, boot: string, seq: number): boolean {
    return seq <= (this.lastSeen(cam, boot) ?? -1)
  }

  /** The highest seq of this run that has been here; undefined: none. */
  lastSeen(cam: string, boot: string): number | undefined {
    const row = this.db
      .prepare(
        `SELECT max(seq) AS seq FROM (SELECT max(seq) AS seq FROM frames WHERE cam = @cam AND boot = @boot
         UNION ALL SELECT seq FROM evicted WHERE cam = @cam AND boot = @boot)`,
      )
      .get({ cam, boot }) as { seq: number | null }
    return row.seq ?? undefined
  }

  /** Frames with seq in [from, to], in their order, as if nothing of them had been published yet; without their bitstreams. */
  results(cam: string, boot: string, from: number, to: number, limit: number): StoredFrame[] {
    const rows = this.db
      .prepare(
        `SELECT id, cam, boot, seq, ${TIME_US} AS timeUs, ${CLK} AS clk, ${KEY_SEQ} AS keySeq, sha256, model, result
         FROM frames f WHERE cam = @cam AND boot = @boot AND seq BETWEEN @from AND @to ORDER BY seq LIMIT @limit`,
      )
      .all({ cam, boot, from, to, limit }) as (StoredFrame & { readonly result: string | Buffer })[]
    const parts = ALL_PARTS & ~Part.bits
    return rows.map((row) => ({ ...row, result: readable(row.result), bits: new Uint8Array(), parts }))
  }

  /**
   * Brings archive and outbox under their limits, one short step at a time. Nothing expires by a time that is not known, the
   * box's or, while they are being moved, that of frames.
   * @param told false: of which events frames are is not known of all, so none counts as of none
   * @returns true when there is more to do
   */
  enforce(limits: ArchiveLimits, moment: Moment, told = true): boolean {
    const now = { ...moment, known: moment.known && !this.stretches.moving }
    const newest = this.retention.newestUs()
    const newestMs = newest === null ? null : newest / 1000
    this.advance('archive', now, limits.maxAgeMs, newestMs)
    this.advance('events', now, limits.keepEventsMs ?? limits.maxAgeMs, newestMs)
    this.advance('outbox', now, limits.outboxMaxAgeMs, newestMs)
    const cutoffUs = now.known ? this.horizons.archive.cutoffMs * 1000 : Number.NEGATIVE_INFINITY
    const eventsUs = Math.min(cutoffUs, this.horizons.events.cutoffMs * 1000)
    const newestUs = keepFrom(limits, Math.min(now.timeMs, newestMs ?? now.timeMs))
    const evicted = this.retention.evict({
      eventsUs,
      othersUs: told ? cutoffUs : eventsUs,
      othersFirstUs: othersFirst(limits, newestUs),
      short: (timeUs) => {
        if (this.bytes > limits.maxBytes) return 'bytes'
        return timeUs < newestUs && this.freeBytes() < limits.minFreeBytes ? 'free_space' : undefined
      },
    })
    if (evicted > 0) this.events.forget()
    this.frames.keepUp()
    const trimmed = this.outbox.trim(limits, now.known ? this.horizons.outbox.cutoffMs : 0)
    return trimmed || evicted >= EVICT_ROWS || this.retention.searching
  }

  /** Counts what was there when it was opened, one short step at a time. @returns true when there is more to do */
  countOn(): boolean {
    return this.frames.step()
  }

  /** Makes room at once, for a disk that is full. @returns frames evicted; 0 when only what is to be kept is left */
  evictOldest(limits: ArchiveLimits, now: Moment): number {
    // Of the time now, not of the newest frame: while there is no room that one stays the same.
    const newestUs = keepFrom(limits, now.timeMs)
    const never = Number.NEGATIVE_INFINITY
    const short = (timeUs: number) => (timeUs < newestUs ? 'disk_full' : undefined)
    const othersFirstUs = othersFirst(limits, newestUs)
    return this.retention.evict({ eventsUs: never, othersUs: never, othersFirstUs, short })
  }

  /** What was evicted since this was last asked. */
  takeEvictions(): Evicted[] {
    return this.evictions.take()
  }

  /** By how much age limits are behind the clock, which they follow gradually. */
  get lagMs(): number {
    return Math.max(...Object.values(this.horizons).map(({ lagMs }) => lagMs))
  }

  /** Since this process opened it. */
  get counters() {
    return {
      archived: this.archived,
      evicted: this.evictions.frames,
      unpublishedDropped: this.evictions.unpublished,
      thinned: this.outbox.thinned,
      restamped: this.stretches.moved,
    }
  }

  get stats() {
    const { bytes: outboxBytes, rows: outboxRows } = this.outbox.totals
    return {
      bytes: this.bytes,
      frames: this.frames.frames,
      counted: this.frames.complete,
      outboxBytes,
      outboxRows,
      oldestUnpublishedUs: this.outbox.oldestUs,
      oldestUs: this.retention.oldestUs(),
    }
  }

  /** Of what no event touches and may go; null: there is none, or nobody knows yet. */
  get oldestPlainUs(): number | null {
    return this.retention.oldestPlainUs()
  }

  /** What is in use of the database: frames, and what is written of them in indexes and other tables. */
  private get bytes(): number {
    return this.usedBytes.get() as number
  }

  /** What can still be written: the disk's free space, and pages of the database that evictions have emptied. */
  freeBytes(): number {
    const { bavail, bsize } = statfsSync(dirname(this.path))
    const emptied = this.db.pragma('freelist_count', { simple: true }) as number
    return bavail * bsize + emptied * (this.db.pragma('page_size', { simple: true }) as number)
  }

  close(): void {
    try {
      this.frames.save()
    } catch {
      // Only time is lost: what came since it was last written is counted again.
    }
    this.db.close()
    this.lock.close()
  }

  private advance(name: Limited, now: Moment, maxAgeMs: number, newestMs: number | null): void {
    const horizon = this.horizons[name]
    horizon.advance(now, maxAgeMs, newestMs)
    const saved = this.load(name)
    const { stored } = horizon
    if (!stored || (saved && Math.abs(stored.cutoffMs - saved.cutoffMs) < SAVE_MS)) return
    this.db
      .prepare('INSERT OR REPLACE INTO horizons (name, as_of_ms, cutoff_ms) VALUES (@name, @asOfMs, @cutoffMs)')
      .run({ name, ...stored })
  }

  private load(name: Limited): Stored | undefined {
    const row = this.db.prepare('SELECT as_of_ms AS asOfMs, cutoff_ms AS cutoffMs FROM horizons WHERE name = ?')
    return row.get(name) as Stored | undefined
  }

  private summaries(where: string, values: Record<string, unknown>): Summary[] {
    const rows = this.db
      .prepare(
        `SELECT id, cam, boot, seq, ${TIME_US} AS timeUs, ${CLK} AS clk, ${KEY_SEQ} AS keySeq, substr(bits, 5, 1) AS version, bytes, sha256, model, pinned FROM frames f WHERE ${where} LIMIT @limit`,
      )
      .all(values) as (Omit<Summary, 'pinned' | 'version'> & { pinned: number; version: Buffer })[]
    return rows.map((row) => ({ ...row, pinned: row.pinned === 1, version: row.version[0] ?? 0 }))
  }
}

const AMONG = 'id IN (SELECT value FROM json_each(@ids))'

/** From here on events are not preferred to what no event touches; nowhere, unless they are to be kept longer. */
const othersFirst = ({ keepEventsMs }: ArchiveLimits, newestUs: number): number =>
  keepEventsMs === undefined ? Number.NEGATIVE_INFINITY : newestUs

/** Frames from here on stay, whatever the disk says. */
function keepFrom({ keepNewestMs }: ArchiveLimits, newestMs: number): number {
  return keepNewestMs === 0 ? Number.POSITIVE_INFINITY : (newestMs - keepNewestMs) * 1000
}

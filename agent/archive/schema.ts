/** The tables, how older ones become these, and what several statements say of segments. */

export const SCHEMA = `
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
export const SCHEMA_VERSION = 2
/** From each version to the next. None may rewrite the frames: the disk of an old box is as full as its archive may be. */
export const MIGRATIONS: Record<number, string> = { 1: 'ALTER TABLE frames ADD COLUMN key_seq INTEGER' }

export const KEY_SEQ = 'coalesce(key_seq, seq)'
/** Rows of the segment (@cam, @boot, @keySeq). Its seqs have no gap, so the index of the names leads there and no other is needed. */
export const IN_SEGMENT = `cam = @cam AND boot = @boot AND seq >= @keySeq AND seq < coalesce(
  (SELECT seq FROM frames WHERE cam = @cam AND boot = @boot AND seq > @keySeq AND ${KEY_SEQ} <> @keySeq
   ORDER BY seq LIMIT 1), 9e15)`
export interface SegmentName {
  readonly cam: string
  readonly boot: string
  readonly keySeq: number
}

/** A result, its index entries and its share of a page, beside the bitstream. Used for limits only. */
export const ROW_OVERHEAD = 1500

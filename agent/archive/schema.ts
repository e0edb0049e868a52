/** The tables, how older ones become these, and what several statements say of segments. */

export const SCHEMA = `
  CREATE TABLE IF NOT EXISTS frames (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    cam TEXT NOT NULL, boot TEXT NOT NULL, seq INTEGER NOT NULL,
    time_us INTEGER NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, model TEXT NOT NULL,
    pinned INTEGER NOT NULL DEFAULT 0,
    result TEXT NOT NULL, -- packed, a blob; of frames of versions up to 5 the JSON itself
    bits BLOB NOT NULL,
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
  -- Frames from first_id on that were timed by one line: offset_us is time minus the system's boot clock. Where target_us is
  -- there, they are being moved to that line, and those up to moved_id have been; whoever reads a time adds what is missing.
  CREATE TABLE IF NOT EXISTS stretches (
    first_id INTEGER PRIMARY KEY, last_id INTEGER, system TEXT NOT NULL, offset_us INTEGER NOT NULL,
    clk TEXT NOT NULL, final INTEGER NOT NULL, target_us INTEGER, moved_id INTEGER
  );
  -- How far age limits have come: of which time the archive is, and what is older than allowed.
  CREATE TABLE IF NOT EXISTS horizons (
    name TEXT PRIMARY KEY, as_of_ms REAL NOT NULL, cutoff_ms REAL NOT NULL
  ) WITHOUT ROWID;
  -- Events, with the ids of the first and last frame in which they were seen, and the message that was told last.
  CREATE TABLE IF NOT EXISTS events (
    id TEXT PRIMARY KEY, cam TEXT NOT NULL, class TEXT NOT NULL, zone TEXT, -- NULL: the whole picture
    open INTEGER NOT NULL, -- 1: has no end yet. 2: as far as a damaged database has been read
    first_id INTEGER NOT NULL, last_id INTEGER NOT NULL, told TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS events_first ON events (first_id, id);
  CREATE INDEX IF NOT EXISTS events_last ON events (last_id);
  CREATE INDEX IF NOT EXISTS events_open ON events (cam, first_id) WHERE open > 0;
  -- Frames that events lie in, as far as has been told: ids, joined where they overlap.
  CREATE TABLE IF NOT EXISTS spans (
    cam TEXT NOT NULL, first_id INTEGER NOT NULL, last_id INTEGER NOT NULL, PRIMARY KEY (cam, first_id)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS spans_last ON spans (last_id);
  -- How many frames have an id up to up_to.
  CREATE TABLE IF NOT EXISTS counted (
    one INTEGER PRIMARY KEY CHECK (one = 1), up_to INTEGER NOT NULL, frames INTEGER NOT NULL
  );
`
export const SCHEMA_VERSION = 6
/**
 * From each version to the next, once the tables that were not there are. None may rewrite the frames: the disk of an old box is as
 * full as its archive may be.
 */
export const MIGRATIONS: Record<number, string> = {
  1: 'ALTER TABLE frames ADD COLUMN key_seq INTEGER',
  2: '', // new tables only
  3: '',
  4: `
    WITH ordered AS (
      SELECT cam, first_id, last_id, max(last_id) OVER (
        PARTITION BY cam ORDER BY first_id, last_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach FROM events),
    numbered AS (
      SELECT cam, first_id, last_id, sum(coalesce(first_id > reach, 1)) OVER (
        PARTITION BY cam ORDER BY first_id, last_id ROWS UNBOUNDED PRECEDING) AS nth FROM ordered)
    INSERT INTO spans SELECT cam, min(first_id), max(last_id) FROM numbered GROUP BY cam, nth`,
  5: '', // results are packed from here on
}

export const KEY_SEQ = 'coalesce(key_seq, seq)'
/** Rows of the segment (@cam, @boot, @keySeq). Its seqs have no gap, so the index of the names leads there and no other is needed. */
export const IN_SEGMENT = `cam = @cam AND boot = @boot AND seq >= @keySeq AND seq < coalesce(
  (SELECT seq FROM frames WHERE cam = @cam AND boot = @boot AND seq > @keySeq AND ${KEY_SEQ} <> @keySeq
   ORDER BY seq LIMIT 1), 9e15)`
/** Of what is not pinned: what is may lie before all others for ever. */
export const OLDEST_ID = 'coalesce((SELECT id FROM frames WHERE pinned = 0 ORDER BY id LIMIT 1), 9e15)'
export interface SegmentName {
  readonly cam: string
  readonly boot: string
  readonly keySeq: number
}

/** The cameras, one seek each in frames_time. */
export const CAMS = `WITH RECURSIVE cams (cam) AS (
  SELECT min(cam) FROM frames
  UNION ALL SELECT (SELECT min(f.cam) FROM frames f WHERE f.cam > cams.cam) FROM cams WHERE cam IS NOT NULL)`

const STRETCH = `FROM stretches WHERE first_id = (SELECT max(first_id) FROM stretches WHERE first_id <= f.id)
  AND (last_id IS NULL OR last_id >= f.id)`
/** The time of a frame f, by what is known now. */
export const TIME_US = `f.time_us + coalesce(
  (SELECT CASE WHEN target_us IS NULL OR f.id <= moved_id THEN 0 ELSE target_us - offset_us END ${STRETCH}), 0)`
/** Whether that is known; NULL of frames that are in no stretch: as their result says. */
export const CLK = `(SELECT clk ${STRETCH})`

/** The other columns, index entries and a share of a page, beside bitstream and packed result. Used for the outbox only. */
export const ROW_OVERHEAD = 600

/** How the tables came to be, version by version. Each is carried out once, in one transaction; none is ever changed. */
import { type Kysely, type Migration, Migrator, sql } from 'kysely'
import type { Engine } from './engine.js'
import { StoreError } from './store.js'
import type { Tables } from './tables.js'

const first = ({ words: { time, json, blob, id }, partitionBy, resultKey, resultsView }: Engine): string[] => [
  `CREATE TABLE streams (id ${id}, dev text NOT NULL, cam text NOT NULL, boot text NOT NULL, start bigint NOT NULL,
    first_time ${time} NOT NULL, last_time ${time} NOT NULL, thinned smallint NOT NULL, closed smallint NOT NULL,
    UNIQUE (dev, cam, boot))`,
  `CREATE INDEX streams_time ON streams (dev, cam, last_time)`,
  `CREATE TABLE spans (stream bigint NOT NULL REFERENCES streams (id) ON DELETE CASCADE, kind smallint NOT NULL,
    from_seq bigint NOT NULL, to_seq bigint NOT NULL, PRIMARY KEY (stream, kind, from_seq))`,
  `CREATE TABLE gone (stream bigint NOT NULL REFERENCES streams (id) ON DELETE CASCADE, kind smallint NOT NULL,
    from_seq bigint NOT NULL, to_seq bigint NOT NULL, reason text NOT NULL, at ${time} NOT NULL,
    PRIMARY KEY (stream, kind, from_seq))`,
  // No reference to streams: it would be looked up for each of a day's hundred million rows.
  `CREATE TABLE results (stream bigint NOT NULL, kind smallint NOT NULL, seq bigint NOT NULL, time ${time} NOT NULL,
    motion real, payload ${json} NOT NULL, ${resultKey}) ${partitionBy}`,
  `CREATE INDEX results_time ON results (stream, time)`,
  `CREATE TABLE events (dev text NOT NULL, id text NOT NULL, cam text NOT NULL, boot text NOT NULL, seq bigint NOT NULL,
    class text NOT NULL, label text NOT NULL, zone text, since ${time} NOT NULL, until ${time} NOT NULL,
    ended smallint NOT NULL, reason text, peak real NOT NULL, payload ${json} NOT NULL, PRIMARY KEY (dev, id))`,
  `CREATE INDEX events_since ON events (since, dev, id)`,
  `CREATE INDEX events_camera ON events (dev, cam, since)`,
  `CREATE TABLE event_messages (dev text NOT NULL, id text NOT NULL, phase text NOT NULL, boot text NOT NULL, seq bigint NOT NULL,
    time ${time} NOT NULL, payload ${json} NOT NULL, PRIMARY KEY (dev, id, phase, boot, seq))`,
  `CREATE TABLE records (stream bigint NOT NULL REFERENCES streams (id) ON DELETE CASCADE, seq bigint NOT NULL,
    position integer NOT NULL, time ${time} NOT NULL, arrived ${time} NOT NULL, bytes ${blob} NOT NULL, PRIMARY KEY (stream, seq))`,
  `CREATE TABLE segments (stream bigint NOT NULL REFERENCES streams (id) ON DELETE CASCADE, seq bigint NOT NULL,
    last_seq bigint NOT NULL, frames integer NOT NULL, from_time ${time} NOT NULL, to_time ${time} NOT NULL,
    bytes bigint NOT NULL, sha256 text NOT NULL, bundle text NOT NULL, place text, data ${blob}, PRIMARY KEY (stream, seq))`,
  `CREATE INDEX segments_time ON segments (stream, from_time)`,
  `CREATE TABLE devices (dev text PRIMARY KEY, state text, reason text, session text, at ${time} NOT NULL, info ${json}, health ${json})`,
  `CREATE TABLE cameras (dev text NOT NULL, cam text NOT NULL, state text, reason text, since ${time}, now ${json}, PRIMARY KEY (dev, cam))`,
  `CREATE TABLE state_changes (id ${id}, dev text NOT NULL, cam text, at ${time} NOT NULL, state text NOT NULL, reason text)`,
  `CREATE INDEX state_changes_at ON state_changes (at)`,
  `CREATE TABLE rejects (id ${id}, at ${time} NOT NULL, topic text NOT NULL, reason text NOT NULL, bytes bigint NOT NULL, payload ${blob} NOT NULL)`,
  `CREATE TABLE audits (id ${id}, at ${time} NOT NULL, who text NOT NULL, dev text NOT NULL, cam text NOT NULL,
    from_time ${time} NOT NULL, to_time ${time} NOT NULL, ref text NOT NULL)`,
  `CREATE TABLE leases (name text PRIMARY KEY, holder text NOT NULL, until ${time} NOT NULL)`,
  // For people: what a result is of, without joining.
  `CREATE VIEW result AS SELECT s.dev, s.cam, s.boot, r.seq,
    CASE r.kind WHEN 1 THEN 'cls' ELSE 'seg' END AS kind, r.time, r.motion, ${resultsView}, r.payload
    FROM results r JOIN streams s ON s.id = r.stream`,
]

/** Which bitstreams were forgotten on purpose, so that others that are not there show. Of what went before, the first segment tells. */
const keptFrom = (): string[] => [
  `ALTER TABLE streams ADD COLUMN kept_from bigint NOT NULL DEFAULT 0`,
  `UPDATE streams SET kept_from = COALESCE((SELECT min(seq) FROM segments WHERE stream = streams.id),
    (SELECT max(to_seq) + 1 FROM spans WHERE stream = streams.id AND kind = 3
      AND NOT EXISTS (SELECT 1 FROM records WHERE records.stream = streams.id)), 0)`,
]

const orphans = ({ words: { time } }: Engine): string[] => [
  `CREATE TABLE orphans (place text PRIMARY KEY, since ${time} NOT NULL, going smallint NOT NULL)`,
]

const lost = (): string[] => [
  `ALTER TABLE segments ADD COLUMN lost smallint NOT NULL DEFAULT 0`,
  `ALTER TABLE streams ADD COLUMN bits_to bigint NOT NULL DEFAULT -1`,
]

/** What was left out on purpose, so that bitstreams that are not there show in such runs too. */
const passed = (): string[] => [
  `INSERT INTO spans (stream, kind, from_seq, to_seq) SELECT stream, 6, from_seq, to_seq FROM spans
    WHERE kind = 3 AND stream IN (SELECT id FROM streams WHERE thinned = 1)`,
]

/** How far a broker had what a box has published, by what the box says; and of results, too, which are known to be here. */
const told = (): string[] => [
  `ALTER TABLE streams ADD COLUMN cls_to bigint NOT NULL DEFAULT -1`,
  `ALTER TABLE streams ADD COLUMN seg_to bigint NOT NULL DEFAULT -1`,
  `ALTER TABLE devices ADD COLUMN boot text`,
  // Which results were forgotten, or left out on purpose, was not noted before.
  `ALTER TABLE streams ADD COLUMN results_from bigint NOT NULL DEFAULT 0`,
  `UPDATE streams SET results_from = COALESCE((SELECT max(to_seq) + 1 FROM spans WHERE stream = streams.id AND kind IN (1, 2)), 0)`,
]

const versions: Record<string, (engine: Engine) => string[]> = {
  '001': first,
  '002': keptFrom,
  '003': orphans,
  '004': lost,
  '005': passed,
  '006': told,
}

/** Brings the tables to this release's version. @throws {StoreError} version: written by a later release; else what failed */
export async function migrate(db: Kysely<Tables>, engine: Engine): Promise<void> {
  const migrations = Object.fromEntries(
    Object.entries(versions).map(([name, statements]): [string, Migration] => [
      name,
      {
        async up(tx) {
          for (const statement of statements(engine)) await sql.raw(statement).execute(tx)
        },
      },
    ]),
  )
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } })
  const { error } = await migrator.migrateToLatest()
  if (!error) return
  if (/corrupted migrations/.test(String(error)))
    throw new StoreError(
      'version',
      `${engine.place}: was written by a later blindsight; use that one, or another store`,
    )
  throw engine.failure(error)
}

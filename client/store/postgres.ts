/** The adapter around pg: for several collectors at once. Results lie in partitions by day, so that forgetting a day costs nothing. */
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import type { Engine, Opened } from './engine.js'
import { StoreError } from './store.js'
import type { Tables } from './tables.js'

const CONNECTIONS = 8
/** A server that is gone without a word must not hold a commit for ever. */
const PATIENCE_MS = 30_000
/** Larger days are not counted but estimated, as the planner does: a day of a thousand boxes takes minutes to count. */
const COUNTED_BYTES = 2 ** 28
/** Of collectors that make the same partition at the same time; any number will do. */
const PARTITION_LOCK = 5_117_018

/** As the rest of the store has them: times as ISO text, counts as numbers, JSON as text. */
const readers: Record<number, (text: string) => unknown> = {
  20: Number,
  114: (text) => text,
  1184: (text) => new Date(text).toISOString(),
  1700: Number,
  3802: (text) => text,
}
const types = {
  getTypeParser: (oid: number, format: 'text' | 'binary' = 'text') =>
    (format === 'text' ? readers[oid] : undefined) ?? pg.types.getTypeParser(oid, format as 'text'),
}

/** @param url postgres://user:password@host/database; what is missing comes from PGHOST, PGPASSWORD and the like */
export function openPostgres(url: string): Opened {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS,
    types: types as pg.CustomTypesConfig,
    application_name: 'blindsight',
    connectionTimeoutMillis: PATIENCE_MS,
    statement_timeout: PATIENCE_MS,
    query_timeout: PATIENCE_MS * 2,
    keepAlive: true,
  })
  // Of connections that no statement waits on: the next one makes a new one, and says what is wrong if it cannot.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  return { db, engine: engineOf(url), close: () => db.destroy() }
}

function engineOf(url: string): Engine {
  const place = placeOf(url)
  const made = new Set<string>()
  return {
    name: 'postgres',
    place,
    words: { time: 'timestamptz', json: 'jsonb', blob: 'bytea', id: 'bigint generated always as identity primary key' },
    partitionBy: 'PARTITION BY RANGE (time)',
    resultKey: 'PRIMARY KEY (stream, kind, seq, time)',
    async ready(db, days) {
      for (const day of days) {
        if (made.has(day)) continue
        await db.transaction().execute(async (tx) => {
          await sql`SELECT pg_advisory_xact_lock(${PARTITION_LOCK})`.execute(tx)
          const name = partitionOf(day)
          await sql`CREATE TABLE IF NOT EXISTS ${sql.table(name)} PARTITION OF results
            FOR VALUES FROM (${sql.lit(`${day}T00:00:00Z`)}) TO (${sql.lit(`${nextDay(day)}T00:00:00Z`)})`.execute(tx)
        })
        made.add(day)
      }
    },
    unready(error) {
      // No partition for the row: another collector has dropped it since.
      const gone = (error as { code?: string }).code === '23514'
      if (gone) made.clear()
      return gone
    },
    async lastBefore(db, stream, day) {
      // A look into each old partition's key.
      const rows = db.selectFrom('results').select('seq').where('stream', '=', stream).where('time', '<', day)
      const last = await Promise.all(
        ([1, 2] as const).map((kind) =>
          rows.where('kind', '=', kind).orderBy('seq', 'desc').limit(1).executeTakeFirst(),
        ),
      )
      const seqs = last.flatMap((row) => (row ? [row.seq] : []))
      return seqs.length > 0 ? Math.max(...seqs) : undefined
    },
    async dropResults(db, day) {
      let dropped = 0
      for (const { name, about } of await partitionsOf(db)) {
        if (name >= partitionOf(day)) continue
        await sql`DROP TABLE ${sql.table(name)}`.execute(db)
        made.delete(dayOf(name))
        dropped += Math.max(0, about)
      }
      return dropped
    },
    async countResults(db) {
      let all = 0
      for (const { name, about, bytes } of await partitionsOf(db)) {
        if (bytes > COUNTED_BYTES && about >= 0) all += about
        else all += (await sql<{ n: number }>`SELECT count(*) AS n FROM ${sql.table(name)}`.execute(db)).rows[0].n
      }
      return all
    },
    resultsView: `r.payload->'model'->>'id' AS model`,
    secondsOf: (column) => `extract(epoch FROM ${column})::float8`,
    secondsAhead: (seconds) => `clock_timestamp() + interval '${seconds} seconds'`,
    failure: (error) => failure(place, error),
  }
}

async function partitionsOf(db: Kysely<Tables>) {
  const { rows } = await sql<{ name: string; about: number; bytes: number }>`SELECT c.relname AS name,
    c.reltuples::bigint AS about, pg_relation_size(c.oid) AS bytes
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'results'::regclass`.execute(db)
  return rows
}

const partitionOf = (day: string): string => `results_${day.replaceAll('-', '')}`
const dayOf = (name: string): string => name.replace(/^results_(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3')
const nextDay = (day: string): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10)

function placeOf(url: string): string {
  const { hostname, port, pathname } = new URL(url)
  return `postgres://${hostname || process.env.PGHOST || 'localhost'}${port && `:${port}`}${pathname}`
}

function failure(place: string, error: unknown): StoreError {
  const { code = '', message } = error as { code?: string; message: string }
  const what = message || code
  if (code === '53100') return new StoreError('full', `${place}: no room (${what})`, { cause: error })
  // Data exceptions, integrity, and what exceeds a limit: no other time will take it.
  if (/^(22|23|54)/.test(code)) return new StoreError('refused', `${place}: ${what}`, { cause: error })
  return new StoreError('away', `${place}: ${what}`, { cause: error })
}

/** The adapter around better-sqlite3: one file, for one collector. */

import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { Kysely, SqliteAdapter, SqliteDialect, sql } from 'kysely'
import { typed } from '../../contract/command-line.js'
import type { Engine, Opened } from './engine.js'
import { StoreError } from './store.js'
import type { Tables } from './tables.js'

/** Rows deleted at once: short transactions, so that a commit never waits long. */
const STEP = 5000

/** SQLite makes tables in a transaction, which the package does not trust it with: else a first start that is killed would leave some of them. */
class Adapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}
class Dialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new Adapter()
  }
}

/** @throws {StoreError} away, full */
export function openSqlite(file: string, existing = false): Opened {
  const there = found(file)
  if (there?.isDirectory())
    throw new StoreError('away', `${file}: a folder, expected a file in it, like ${file}/fleet.sqlite`)
  if (existing && !there)
    throw new StoreError('away', `${file}: there is no such file; a store is made by ${typed('collect')}`)
  let database: Database.Database
  try {
    mkdirSync(dirname(file), { recursive: true })
    database = new Database(file, { timeout: 10_000 })
    database.pragma('journal_mode = WAL')
    // What a message is acknowledged for is on the disk, also when the power goes.
    database.pragma('synchronous = FULL')
    database.pragma('foreign_keys = ON')
  } catch (error) {
    throw failure(file, error)
  }
  const db = new Kysely<Tables>({ dialect: new Dialect({ database }) })
  return { db, engine: engineOf(file), close: () => db.destroy() }
}

function found(file: string) {
  try {
    return statSync(file, { throwIfNoEntry: false })
  } catch (error) {
    throw failure(file, error)
  }
}

const engineOf = (file: string): Engine => ({
  name: 'sqlite',
  place: `sqlite:${file}`,
  words: { time: 'text', json: 'text', blob: 'blob', id: 'integer primary key autoincrement' },
  partitionBy: 'WITHOUT ROWID',
  resultKey: 'PRIMARY KEY (stream, kind, seq)',
  async ready() {},
  unready: () => false,
  async lastBefore(db, stream, day) {
    // As many rows are read as are deleted then.
    const rows = db.selectFrom('results').where('stream', '=', stream).where('time', '<', day)
    const { seq } = await rows.select(({ fn }) => fn.max<number | null>('seq').as('seq')).executeTakeFirstOrThrow()
    return seq ?? undefined
  },
  async dropResults(db, day) {
    let dropped = 0
    for (;;) {
      const { numAffectedRows = 0n } = await sql`DELETE FROM results WHERE (stream, kind, seq) IN
        (SELECT stream, kind, seq FROM results WHERE time < ${day} LIMIT ${STEP})`.execute(db)
      dropped += Number(numAffectedRows)
      if (numAffectedRows < STEP) return dropped
    }
  },
  async countResults(db) {
    const { rows } = await sql<{ n: number }>`SELECT count(*) AS n FROM results`.execute(db)
    return rows[0].n
  },
  resultsView: `json_extract(r.payload, '$.model.id') AS model`,
  secondsOf: (column) => `(julianday(${column}) - 2440587.5) * 86400`,
  secondsAhead: (seconds) => `strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+${seconds} seconds')`,
  failure: (error) => failure(file, error),
})

/** What SQLite says, in the store's words. */
export function failure(file: string, error: unknown): StoreError {
  const { code = '', message } = error as { code?: string; message: string }
  if (code === 'SQLITE_FULL') return new StoreError('full', `${file}: no room (${message})`, { cause: error })
  if (/^SQLITE_(CONSTRAINT|MISMATCH|TOOBIG|RANGE)/.test(code))
    return new StoreError('refused', `${file}: ${message}`, { cause: error })
  if (/^(SQLITE_(CANTOPEN|READONLY)|E(ACCES|NOTDIR|ROFS|PERM))/.test(code))
    return new StoreError('away', `${file}: cannot be written (${message}); its folder must be one of this user`, {
      cause: error,
    })
  return new StoreError('away', `${file}: ${message}`, { cause: error })
}

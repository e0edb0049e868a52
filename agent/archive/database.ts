/**
 * The only file that loads better-sqlite3. WAL with synchronous=NORMAL: a killed process loses nothing that was committed; a
 * power cut can lose the last transactions since the WAL was last synced (see docs/operations.md), never the database.
 */
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { MIGRATIONS, SCHEMA, SCHEMA_VERSION } from './schema.js'

export type Db = Database.Database
export type Statement = Database.Statement

export const databasePath = (stateDir: string) => join(stateDir, 'archive.sqlite')

/** The database, its tables made or brought up to date, and the lock that keeps another agent away. Nothing is ever deleted. */
export function openDatabase(stateDir: string): { db: Db; lock: Db } {
  const path = databasePath(stateDir)
  mkdirSync(dirname(path), { recursive: true })
  const lock = lockDir(stateDir)
  try {
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
    return { db, lock }
  } catch (error) {
    lock.close()
    throw error
  }
}

/**
 * Two agents on one archive would publish and forget each other's frames. The lock is the system's, on a file of its own, so
 * it goes with the process however that ends.
 */
function lockDir(stateDir: string): Db {
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

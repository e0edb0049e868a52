/**
 * Opens the archive's database, and says what is the matter with one that cannot be used. The only file that loads
 * better-sqlite3. WAL with synchronous=NORMAL: a killed process loses nothing that was committed; a power cut can lose the
 * last transactions since the WAL was last synced (see docs/background/what-is-kept.md), never the database.
 */
import {
  accessSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  lchownSync,
  mkdirSync,
  openSync,
  statSync,
  truncateSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import Database from 'better-sqlite3'
import { AgentError, ExitCode, messageOf } from '../errors.js'
import { databasePath, finishAside, moveStrangers } from './aside.js'
import { inWords, isDamage } from './faults.js'
import { MIGRATIONS, SCHEMA, SCHEMA_VERSION } from './schema.js'

export type Db = Database.Database
export type Statement = Database.Statement

/**
 * The library's default is 16,000: resident memory then rises by 16 MB while the archive fills, which looks like a leak and buys
 * nothing, as the pages that a commit touches are few. Measured on 60 MB of archive: 0.9 ms a commit either way.
 */
const CACHE_KIB = 2000

/** taken: another blindsight runs on it. damaged: also what is no archive of ours. newer: of a later version. */
export type Fault = 'taken' | 'damaged' | 'newer' | 'unusable'

export class ArchiveError extends AgentError {
  constructor(
    readonly fault: Fault,
    message: string,
    options?: ErrorOptions,
  ) {
    super('archive', message, ExitCode.input, options)
  }
}

/** @throws {ArchiveError} Nothing is ever deleted on opening. */
export function openDatabase(stateDir: string): { db: Db; lock: Db } {
  const path = databasePath(stateDir)
  let lock: Db | undefined
  let db: Db | undefined
  try {
    makeDir(stateDir)
    lock = lockDir(stateDir)
    finishAside(stateDir)
    moveStrangers(stateDir)
    keepOwner(path)
    db = new Database(path)
    prepare(db)
    return { db, lock }
  } catch (cause) {
    db?.close()
    lock?.close()
    throw asArchiveError(path, cause)
  }
}

/** What root makes belongs to the owner of the folder it is in, as below. */
function makeDir(stateDir: string): void {
  try {
    const path = resolve(stateDir)
    const first = mkdirSync(path, { recursive: true })
    if (first === undefined || process.getuid?.() !== 0) return
    const { uid, gid } = statSync(dirname(first))
    for (let made = path; made.length >= first.length; made = dirname(made)) lchownSync(made, uid, gid)
  } catch (error) {
    // Node says ENOENT where a read-only file system is the reason (seen with 20.20).
    let there = resolve(stateDir)
    while (!existsSync(there)) there = dirname(there)
    if (statSync(there).isDirectory()) accessSync(there, constants.W_OK)
    throw error
  }
}

export function asArchiveError(path: string, cause: unknown): ArchiveError {
  if (cause instanceof ArchiveError) return cause
  const fault = isDamage(cause) || isDirectory(path) ? 'damaged' : 'unusable'
  return new ArchiveError(fault, `${path}: cannot be opened (${messageOf(cause)}); ${inWords(cause, path)}`, { cause })
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

function prepare(db: Db): void {
  db.pragma('busy_timeout = 5000')
  db.pragma('temp_store = MEMORY') // nothing of it may need /tmp
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all()
  const ours = tables.includes('frames')
  if (tables.length > 0 && !ours) throw new ArchiveError('damaged', `${db.name}: is a database of something else`)
  const version = db.pragma('user_version', { simple: true }) as number
  if (version > SCHEMA_VERSION)
    throw new ArchiveError(
      ours ? 'newer' : 'damaged',
      `${db.name}: written by a newer version of blindsight (schema ${version}); install that one again, or move the file away`,
    )
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = NORMAL')
  db.pragma(`cache_size = ${-CACHE_KIB}`)
  db.pragma('foreign_keys = ON')
  db.transaction(() => {
    db.exec(SCHEMA)
    for (let from = version; from > 0 && from < SCHEMA_VERSION; from++) db.exec(MIGRATIONS[from]!)
    db.pragma(`user_version = ${SCHEMA_VERSION}`)
  })()
}

/**
 * Two agents on one archive would publish and forget each other's frames. The lock is the system's, on a file of its own, so
 * it goes with the process however that ends.
 */
function lockDir(stateDir: string): Db {
  const path = join(stateDir, 'lock')
  keepOwner(path)
  try {
    return lockFile(path)
  } catch (error) {
    if ((error as { code?: string }).code !== 'SQLITE_NOTADB') throw error
    truncateSync(path) // what it holds means nothing; whoever has locked it keeps the lock
    return lockFile(path)
  }
}

function lockFile(path: string): Db {
  const lock = new Database(path, { timeout: 0 })
  try {
    lock.exec('BEGIN EXCLUSIVE')
    return lock
  } catch (cause) {
    lock.close()
    if ((cause as { code?: string }).code !== 'SQLITE_BUSY') throw cause
    throw new ArchiveError(
      'taken',
      `${dirname(path)}: another running blindsight uses it; stop that one, or give this one a directory of its own`,
    )
  }
}

/** A file that root makes belongs to the directory's owner, or root's one command would lock the service out. SQLite gives -wal and -shm the database's owner. */
function keepOwner(path: string): void {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = statSync(dirname(path))
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600))
  if (statSync(path).uid === 0 && uid !== 0) chownSync(path, uid, gid)
}

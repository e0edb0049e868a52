/** SQLite's and the system's errors, by what they mean for the archive. */
import { existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code ?? '')

/** The file's content is wrong, or no database: waiting does not mend it. */
export const isDamage = (error: unknown): boolean =>
  /^SQLITE_(CORRUPT|NOTADB|ERROR$|IOERR_CORRUPTFS|FORMAT)/.test(codeOf(error))

/** The disk did not give back what is on it: a bad sector, or a disk that is about to go away. */
export const isReadFailure = (error: unknown): boolean =>
  /^SQLITE_IOERR_(READ|SHORT_READ|FSTAT|MMAP)$/.test(codeOf(error))

/** No room: what an eviction can help. */
export const isFull = (error: unknown): boolean =>
  ['SQLITE_FULL', 'SQLITE_IOERR_WRITE', 'SQLITE_IOERR', 'SQLITE_IOERR_SHMSIZE'].includes(codeOf(error))

/** What to do about an archive that cannot be opened. */
export function inWords(error: unknown, path: string): string {
  const code = codeOf(error)
  const foreign = foreignOwner(path)
  if (foreign) return `${foreign}: sudo chown -R --reference=${dirname(path)} ${dirname(path)}`
  if (code === 'ENOSPC' || isFull(error)) return 'the disk is full: make room'
  if (code === 'EROFS') return 'the file system is read-only: mount it for writing'
  if (/^(EACCES|EPERM)$/.test(code)) return `the user of this process may not write there: check its owner`
  if (code === 'ENOTDIR' || code === 'EEXIST') return 'stateDir is no directory'
  return 'check stateDir, its owner and the disk'
}

/** A file of the archive that somebody else owns, so that the directory's owner may not use it. */
function foreignOwner(path: string): string | undefined {
  const uid = process.getuid?.()
  const dir = dirname(path)
  if (uid === undefined || uid === 0) return undefined
  for (const file of [path, `${path}-wal`, `${path}-shm`, `${dir}/lock`]) {
    if (!existsSync(file)) continue
    const owner = statSync(file).uid
    if (owner !== uid)
      return `${file} belongs to ${owner === 0 ? 'root' : `user ${owner}`}, not to the user of this process`
  }
  return undefined
}

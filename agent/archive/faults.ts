/** SQLite's and the system's errors, by what they mean for the archive. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { messageOf } from '../errors.js'

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

/** SQLite has one message for whatever the system answers to a write, but for a full disk. */
const isRefusedWrite = (error: unknown): boolean => /^SQLITE_IOERR(_WRITE|_SHMSIZE|_TRUNCATE)?$/.test(codeOf(error))

/** Of a frame that was not taken. */
export const failureInWords = (error: unknown, path: string): string =>
  isRefusedWrite(error) ? `${messageOf(error)}: ${refusedWrite(path)}` : messageOf(error)

/** FAT counts bytes in 32 bits. */
const MOST_OF_FAT = 2 ** 32 - 1
/** What one write adds, at most, to a file that it cannot be added to. */
const ONE_WRITE = 256 * 1024

/** Sizes alone tell: the system's own code does not come through. @param limits of this process, as Linux shows them */
export function refusedWrite(path: string, limits = textOf('/proc/self/limits'), sizeOf = largest): string {
  const most = Number(/^Max file size +(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY)
  const next = sizeOf(path) + ONE_WRITE
  const lower = 'or set archive.maxMegabytes below it'
  if (next >= most)
    return `a file of it is as large as this process may make one, ${Math.round(most / 1e6)} MB: raise that limit (LimitFSIZE= of the unit, ulimit -f), ${lower}`
  if (next >= MOST_OF_FAT)
    return `a file of it is as large as a file can be on FAT, 4 GB: put stateDir on another file system, ${lower}`
  return 'the disk refuses the write: a quota that is used up, a limit on the size of a file, or a disk that fails; what the kernel says: dmesg'
}

const largest = (path: string): number =>
  Math.max(...[path, `${path}-wal`].map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0))

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** What to do about an archive that cannot be opened. */
export function inWords(error: unknown, path: string): string {
  const code = codeOf(error)
  const foreign = foreignOwner(path)
  if (foreign) return `${foreign}: sudo chown -R --reference=${dirname(path)} ${dirname(path)}`
  if (isRefusedWrite(error)) return refusedWrite(path)
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

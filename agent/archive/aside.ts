/** A database that cannot be used is renamed, with what belongs to it; nothing of it is ever deleted here. */
import {
  existsSync,
  lstatSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'

export const databasePath = (stateDir: string): string => join(stateDir, 'archive.sqlite')

const PIECES = ['', '-wal', '-shm'] as const
const NAME = /^archive\.damaged-\d{8}T\d{6}Z(-\d+)?\.sqlite$/

/** @returns the new path of the database @throws the system's error when the directory cannot be written */
export function setAside(stateDir: string, nowMs = Date.now()): string {
  const path = realPath(databasePath(stateDir))
  const aside = freeName(dirname(path), nowMs)
  for (const piece of PIECES) if (existsSync(path + piece)) renameSync(path + piece, aside + piece)
  return aside
}

/**
 * A journal without its database, because setAside was killed or somebody removed the database, would be thrown away by
 * SQLite, or taken for that of the next one: it goes to where its database is, or aside alone. Before every opening.
 */
export function finishAside(stateDir: string): void {
  const path = realPath(databasePath(stateDir))
  if (sizeOf(path) > 0 || sizeOf(`${path}-wal`) === 0) return
  const parted = damagedFiles(stateDir).findLast((file) => !existsSync(`${file}-wal`))
  const aside = parted ?? freeName(dirname(path), Date.now())
  if (!parted) writeFileSync(aside, '')
  for (const piece of ['-wal', '-shm']) if (existsSync(path + piece)) renameSync(path + piece, aside + piece)
}

/** A journal that is no file keeps SQLite from a sound database. Called with the lock held: nobody else uses it. */
export function moveStrangers(stateDir: string): void {
  const path = realPath(databasePath(stateDir))
  for (const piece of ['-wal', '-shm']) {
    const found = lstatSync(path + piece, { throwIfNoEntry: false })
    if (found && !found.isFile()) renameSync(path + piece, `${path}${piece}.unusable-${Date.now()}`)
  }
}

/** Databases set aside, the oldest first. */
export function damagedFiles(stateDir: string): string[] {
  const dir = dirname(realPath(databasePath(stateDir)))
  return namesIn(dir)
    .filter((name) => NAME.test(name))
    .sort()
    .map((name) => join(dir, name))
}

/** The archive may be a link to a larger disk, and what it leads to be gone. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()
      ? resolve(dirname(path), readlinkSync(path))
      : path
  }
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir)
  } catch {
    return []
  }
}

function freeName(dir: string, nowMs: number): string {
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '')
  const taken = new Set(namesIn(dir).map((name) => name.replace(/-(wal|shm)$/, '')))
  for (let n = 1; ; n++) {
    const name = `archive.damaged-${time}${n === 1 ? '' : `-${n}`}.sqlite`
    if (!taken.has(name)) return join(dir, name)
  }
}

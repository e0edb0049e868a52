/** A database that cannot be used is renamed, with what belongs to it; nothing of it is ever deleted here. */
import { existsSync, readdirSync, realpathSync, renameSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { databasePath } from './database.js'

/** -shm before -wal before the database: a new one must never begin beside the journal of an old one. */
const PIECES = ['-shm', '-wal', ''] as const
const NAME = /^archive\.damaged-\d{8}T\d{6}Z(-\d+)?\.sqlite$/

/** @returns the new path of the database @throws the system's error when the directory cannot be written */
export function setAside(stateDir: string, nowMs = Date.now()): string {
  const path = realPath(databasePath(stateDir))
  const aside = freeName(dirname(path), nowMs)
  for (const piece of PIECES) if (existsSync(path + piece)) renameSync(path + piece, aside + piece)
  return aside
}

/** Killed between its renames, setAside leaves a journal without its database: back with it, and begin again. */
export function finishAside(stateDir: string): void {
  const path = realPath(databasePath(stateDir))
  const dir = dirname(path)
  for (const name of namesIn(dir)) {
    const main = name.replace(/-(wal|shm)$/, '')
    if (main === name || !NAME.test(main) || existsSync(join(dir, main))) continue
    const piece = name.slice(main.length)
    if (existsSync(path) && !existsSync(path + piece)) renameSync(join(dir, name), path + piece)
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

/** The archive may be a link to a larger disk. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir)
  } catch {
    return []
  }
}

function freeName(dir: string, nowMs: number): string {
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '')
  const taken = new Set(namesIn(dir).map((name) => basename(name).replace(/-(wal|shm)$/, '')))
  for (let n = 1; ; n++) {
    const name = `archive.damaged-${time}${n === 1 ? '' : `-${n}`}.sqlite`
    if (!taken.has(name)) return join(dir, name)
  }
}

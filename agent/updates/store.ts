/** The bundles of a box: those of the package, and those that were added under <stateDir>/bundles, each whole or not there. */

import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { type Bundle, divided, graphPath, headsOf, openBundle } from '../../contract/bundle.js'
import type { LooseBundle } from '../../contract/bundle-file.js'
import { SIGNATURE_FILE } from '../../contract/bundle-signature.js'
import { typed } from '../../contract/command-line.js'
import { bundlesDir } from '../../contract/package-root.js'
import { addedDir, packagedBundles } from '../bundles.js'
import { AgentError, ExitCode, messageOf } from '../errors.js'
import { giveToOwner, makeFolder } from '../owner.js'
import { syncFolder, writeSynced } from '../whole.js'

export interface Stored {
  readonly id: string
  readonly from: 'package' | 'added'
  readonly dir: string
  readonly sha256: string
  /** Of what the box has of it. */
  readonly bytes: number
  readonly manifestBytes: Buffer
  readonly signature: Buffer | undefined
}

const NEW = '.new-'
/** What an add that was killed has left goes after this long. */
const LEFT_MS = 3_600_000
const ID = /^[a-z0-9][a-z0-9._-]*$/

/** A folder that cannot be read as a bundle is passed over: it is none to choose. */
export function storedBundles(stateDir: string): Stored[] {
  return places(stateDir).flatMap(({ dir, id, from }) => storedIn(dir, id, from))
}

function places(stateDir: string): Pick<Stored, 'id' | 'from' | 'dir'>[] {
  const packaged = packagedBundles()
  const dir = addedDir(stateDir)
  const added = namesIn(dir).filter(
    (id) => ID.test(id) && !packaged.includes(id) && statSync(join(dir, id), { throwIfNoEntry: false })?.isDirectory(),
  )
  return [
    ...packaged.map((id) => ({ id, from: 'package' as const, dir: join(bundlesDir(), id) })),
    ...added.map((id) => ({ id, from: 'added' as const, dir: join(dir, id) })),
  ]
}

function storedIn(dir: string, id: string, from: Stored['from']): Stored[] {
  try {
    const { manifest, sha256 } = openBundle(dir)
    const bytes = divided(manifest, dir).box.reduce((sum, file) => sum + file.bytes, 0)
    const signature = existsSync(join(dir, SIGNATURE_FILE)) ? readFileSync(join(dir, SIGNATURE_FILE)) : undefined
    return [{ id, from, dir, sha256, bytes, manifestBytes: readFileSync(join(dir, 'manifest.json')), signature }]
  } catch {
    return []
  }
}

/** Why nothing may be added under this name. */
export function nameFault(id: string): string | undefined {
  if (!ID.test(id)) return `a bundle cannot be named ${id}: begin with a letter or digit`
  return packagedBundles().includes(id)
    ? `a bundle ${id} comes with the package, and no other may take its name; give the new one another id`
    : undefined
}

/** So much must be free before a bundle of this size is taken. @throws {AgentError} input */
export function checkRoom(stateDir: string, bytes: number, minFreeBytes: number): void {
  let there = addedDir(stateDir)
  while (!existsSync(there) && there !== dirname(there)) there = dirname(there)
  const { bavail, bsize } = statfsSync(there)
  const free = bavail * bsize
  if (free >= bytes + minFreeBytes) return
  const mb = (n: number) => `${(n / 1e6).toFixed(0)} MB`
  throw new AgentError(
    'input',
    `${stateDir}: ${mb(free)} free; a bundle of ${mb(bytes)} needs ${mb(bytes + minFreeBytes)}, with archive.minFreeMegabytes: make room, or remove a bundle: ${typed('bundle remove ID')}`,
    ExitCode.input,
  )
}

/**
 * Written beside its place, tried there, and renamed: what is under its name is whole and runs.
 * @param tryIt throws what is wrong with it
 * @returns there: this very bundle was there already
 * @throws {AgentError} input
 */
export async function addBundle(
  loose: LooseBundle,
  stateDir: string,
  minFreeBytes: number,
  tryIt: (dir: string) => Promise<void>,
): Promise<'added' | 'there'> {
  const { id } = loose.manifest
  const fault = nameFault(id)
  if (fault) throw new AgentError('input', fault, ExitCode.input)
  const dir = addedDir(stateDir)
  const place = join(dir, id)
  if (isThere(loose, place)) return 'there'
  checkRoom(
    stateDir,
    loose.files.reduce((sum, { bytes }) => sum + bytes, loose.manifestBytes.length),
    minFreeBytes,
  )
  let beside: string | undefined
  try {
    makeFolder(dir)
    sweep(dir)
    beside = mkdtempSync(join(dir, NEW))
    chmodSync(beside, 0o750)
    giveToOwner(beside)
    writeAll(beside, loose)
    await tryIt(beside)
    // Another add may have ended meanwhile.
    if (isThere(loose, place)) {
      rmSync(beside, { recursive: true, force: true })
      return 'there'
    }
    rmSync(place, { recursive: true, force: true }) // a damaged one
    renameSync(beside, place)
    syncFolder(dir)
    return 'added'
  } catch (error) {
    if (beside) rmSync(beside, { recursive: true, force: true })
    throw inWords(error, stateDir)
  }
}

/** Whole, and with this signature. @throws {AgentError} input: another one has its place */
function isThere({ manifest: { id }, sha256, signature }: LooseBundle, place: string): boolean {
  const [old] = storedIn(place, id, 'added')
  if (old && old.sha256 !== sha256)
    throw new AgentError(
      'input',
      `another bundle ${id} is here (SHA-256 ${old.sha256.slice(0, 16)}…, this one ${sha256.slice(0, 16)}…); remove that first: ${typed(`bundle remove ${id}`)}; or give this one another id`,
      ExitCode.input,
    )
  return old !== undefined && isWhole(place) && (!signature || old.signature?.equals(signature) === true)
}

/** @throws {AgentError} input */
export function removeBundle(id: string, stateDir: string): void {
  const dir = addedDir(stateDir)
  try {
    // Half of it must not be taken for a bundle.
    const going = join(dir, `${NEW}${process.pid}`)
    rmSync(going, { recursive: true, force: true })
    renameSync(join(dir, id), going)
    rmSync(going, { recursive: true })
    syncFolder(dir)
  } catch (error) {
    throw inWords(error, stateDir)
  }
}

function writeAll(dir: string, { manifestBytes, signature, files }: LooseBundle): void {
  for (const { name, data } of files) {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeSynced(join(dir, name), data)
  }
  if (signature) writeSynced(join(dir, SIGNATURE_FILE), signature)
  writeSynced(join(dir, 'manifest.json'), manifestBytes)
  syncFolder(dir)
}

/** Every file that this box runs is what the manifest says. */
export const isWhole = (dir: string): boolean => damageOf(dir) === undefined

/** What is wrong with the files that this box runs. */
export function damageOf(dir: string): string | undefined {
  try {
    const bundle: Bundle = openBundle(dir)
    for (const graph of ['encoder' as const, ...headsOf(bundle.manifest)]) graphPath(bundle, graph)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

export interface Damaged extends Pick<Stored, 'id' | 'from' | 'dir'> {
  readonly why: string
}

/** Those that cannot run as they are, also where they cannot be read as bundles at all. */
export function damagedBundles(stateDir: string): Damaged[] {
  return places(stateDir).flatMap((place) => {
    const why = damageOf(place.dir)
    return why === undefined ? [] : [{ ...place, why }]
  })
}

function sweep(dir: string): void {
  for (const name of namesIn(dir).filter((name) => name.startsWith(NEW)))
    if (Date.now() - (statSync(join(dir, name), { throwIfNoEntry: false })?.mtimeMs ?? 0) > LEFT_MS)
      rmSync(join(dir, name), { recursive: true, force: true })
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir).sort()
  } catch {
    return []
  }
}

/** What the disk refuses, with what to do. */
export function inWords(error: unknown, stateDir: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  const instead = {
    ENOSPC: 'the disk is full; make room',
    EDQUOT: 'the disk quota is used up; make room',
    EACCES: 'this user may not write there; use sudo',
    EPERM: 'this user may not write there; use sudo',
    EROFS: 'the file system is read-only; mount it writable',
  }[code ?? '']
  if (!instead) return error
  return new AgentError('input', `${stateDir}: ${instead} (${messageOf(error)})`, ExitCode.input, { cause: error })
}

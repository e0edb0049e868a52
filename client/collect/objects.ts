/** Where sealed segments lie, if not in the database: whole objects, each written once, under a name of its own. */
import { createHash, randomBytes } from 'node:crypto'
import { accessSync, constants, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { writeWhole } from '../bitstreams/files.js'
import { Failure } from '../failure.js'
import type { Sealed } from '../store/store.js'

export interface ObjectStore {
  /** Without passwords. */
  readonly name: string
  put(place: string, bytes: Uint8Array): Promise<void>
  /** @returns undefined: there is none */
  get(place: string): Promise<Uint8Array | undefined>
  delete(places: readonly string[]): Promise<void>
}

/**
 * <device>/<camera>/<boot>/<seq of the keyframe>-<last seq>-<random>.bsf: another one each time, so that no collector that was held up
 * writes over what another one has put there.
 */
export const placeOf = (dev: string, cam: string, boot: string, { seq, last }: Pick<Sealed, 'seq' | 'last'>): string =>
  `${dev}/${cam}/${boot}/${seq}-${last}-${randomBytes(5).toString('hex')}.bsf`

export class Folder implements ObjectStore {
  readonly name: string
  constructor(private readonly dir: string) {
    this.name = dir
  }

  async put(place: string, bytes: Uint8Array): Promise<void> {
    const file = this.file(place)
    writeWhole(file, bytes, partOf(file))
  }

  async get(place: string): Promise<Uint8Array | undefined> {
    const file = this.file(place)
    return statSync(file, { throwIfNoEntry: false })?.isFile() ? readFileSync(file) : undefined
  }

  async delete(places: readonly string[]): Promise<void> {
    for (const place of places)
      for (const file of [this.file(place), partOf(this.file(place))]) rmSync(file, { force: true })
  }

  private file(place: string): string {
    return join(this.dir, soundPlace(place))
  }
}

/** Nobody else writes this file: what a crash leaves of it is found by its name. */
const partOf = (file: string): string => `${file}.part`

/** A place comes from a database that others may write: none leads out of where objects lie. */
export function soundPlace(place: string): string {
  if (/^[a-z0-9_-]+(\/[a-z0-9_-]+)*\.bsf$/.test(place)) return place
  throw new Error(`${place}: is no place of an object`)
}

/**
 * @param address a folder, or s3://bucket/prefix; undefined: segments lie in the database
 * @throws {Failure} input, usage: objects cannot be put there
 */
export async function openObjects(
  address: string | undefined,
  { toWrite = false } = {},
): Promise<ObjectStore | undefined> {
  if (address === undefined) return undefined
  if (address.startsWith('s3:')) return (await import('./s3.js')).S3.open(address)
  if (toWrite) makeWritable(address)
  return new Folder(address)
}

/** Known at the start, and not when the first segment is over. */
function makeWritable(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true })
    accessSync(dir, constants.W_OK)
  } catch (cause) {
    throw new Failure(
      'input',
      `cannot write, --bits ${dir}: ${(cause as Error).message}, make it a folder of this user`,
      {
        cause,
      },
    )
  }
}

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

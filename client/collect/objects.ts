/** Where sealed segments lie, if not in the database: whole objects by name, written once or again with the same content. */
import { createHash } from 'node:crypto'
import { accessSync, constants, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { writeWhole } from '../bitstreams/files.js'
import { Failure } from '../failure.js'

export interface ObjectStore {
  /** Without passwords. */
  readonly name: string
  put(place: string, bytes: Uint8Array): Promise<void>
  /** @returns undefined: there is none */
  get(place: string): Promise<Uint8Array | undefined>
  delete(places: readonly string[]): Promise<void>
}

/** <device>/<camera>/<boot>/<seq of the keyframe>.bsf */
export const placeOf = (dev: string, cam: string, boot: string, seq: number): string =>
  `${dev}/${cam}/${boot}/${seq}.bsf`

export class Folder implements ObjectStore {
  readonly name: string
  constructor(private readonly dir: string) {
    this.name = dir
  }

  async put(place: string, bytes: Uint8Array): Promise<void> {
    writeWhole(this.file(place), bytes)
  }

  async get(place: string): Promise<Uint8Array | undefined> {
    const file = this.file(place)
    return statSync(file, { throwIfNoEntry: false })?.isFile() ? readFileSync(file) : undefined
  }

  async delete(places: readonly string[]): Promise<void> {
    for (const place of places) rmSync(this.file(place), { force: true })
  }

  private file(place: string): string {
    return join(this.dir, soundPlace(place))
  }
}

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

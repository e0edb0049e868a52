/** Bitstream files: how they are named, read and written. */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { bootPattern, idPattern } from '../../contract/names.js'
import { Failure } from '../failure.js'

export interface FrameName {
  readonly camera: string
  readonly boot: string
  readonly seq: number
}

/** <camera>-<boot>-<seq>.bsf. The parts come from elsewhere: none may leave the folder. @throws {Failure} input */
export function bitstreamFile(dir: string, { camera, boot, seq }: FrameName): string {
  if (!idPattern.test(camera) || !bootPattern.test(boot) || !Number.isSafeInteger(seq)) {
    throw new Failure(
      'input',
      `cannot name a file after camera ${camera}, boot ${boot}, seq ${seq}, not blindsight ids`,
    )
  }
  return join(dir, `${camera}-${boot}-${seq}.bsf`)
}

/** @throws {Failure} input */
export function readInput(file: string): Uint8Array {
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory())
    throw new Failure('input', `cannot read, ${file}: a folder; name the files in it, ${join(file, '*.bsf')}`)
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new Failure('input', `cannot read, ${file}: ${(cause as Error).message}`, { cause })
  }
}

/** Whole or not at all: written beside its place, flushed, then renamed. @throws {Failure} other */
export function writeWhole(file: string, bytes: Uint8Array, part = `${file}.${process.pid}.part`): void {
  try {
    mkdirSync(dirname(file), { recursive: true })
    const fd = openSync(part, 'w')
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(part, file)
  } catch (cause) {
    discard(part)
    throw new Failure('other', `cannot write, ${file}: ${(cause as Error).message}`, { cause })
  }
}

function discard(part: string): void {
  try {
    rmSync(part, { force: true })
  } catch {
    // The folder itself cannot be had: why is in the failure that is on its way.
  }
}

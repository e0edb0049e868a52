/** Archived bitstreams as files: those already there and whole are left alone, so a cut run is simply started again. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFrame } from '../../codec/index.js'
import { Failure } from '../failure.js'
import { bitstreamFile, readInput, writeWhole } from '../files.js'
import { NoAnswer, type Requester } from './requester.js'
import { fetchBitstream } from './transfer.js'
import { inWindow } from './window.js'

export interface Wanted {
  /** cam/boot/seq */
  readonly ref: string
  /** Known when the ref came from a list. */
  readonly sha256?: string
}

export interface GetEvents {
  written(file: string): void
  kept(file: string): void
  /** This one cannot be had; the others go on. */
  failed(failure: Failure): void
}

const inFlight = 4

/** @throws {Failure} broker, other (disk); what concerns one ref goes to `failed` */
export async function getArchive(
  requester: Requester,
  wanted: AsyncIterable<Wanted>,
  dir: string,
  events: GetEvents,
): Promise<void> {
  await inWindow(wanted, inFlight, async ({ ref, sha256 }) => {
    const [camera, boot, seq] = ref.split('/')
    const file = bitstreamFile(dir, { camera, boot, seq: Number(seq) })
    try {
      if (alreadyThere(file, sha256)) return events.kept(file)
      writeWhole(file, checked(ref, await fetchBitstream(requester, ref)))
      events.written(file)
    } catch (error) {
      // A silent box will be silent for the next ref too.
      if (!(error instanceof Failure) || error.code !== 'answer' || error.cause instanceof NoAnswer) throw error
      events.failed(error)
    }
  })
}

function checked(ref: string, bytes: Uint8Array): Uint8Array {
  try {
    readFrame(bytes)
    return bytes
  } catch (cause) {
    throw new Failure('answer', `the archive's own copy is damaged, ${ref}: ${(cause as Error).message}`, { cause })
  }
}

/** With the archive's hash by that, else by the record's own checksum. */
function alreadyThere(file: string, sha256: string | undefined): boolean {
  if (!existsSync(file)) return false
  const bytes = readInput(file)
  if (sha256 !== undefined) return createHash('sha256').update(bytes).digest('hex') === sha256
  try {
    readFrame(bytes)
    return true
  } catch {
    return false
  }
}

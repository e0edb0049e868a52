/** Archived bitstreams as files: those already there and whole are left alone, so a cut run is simply started again. */
import { existsSync } from 'node:fs'
import { readArchive } from '../../codec/index.js'
import { bitstreamFile, readInput, writeWhole } from '../bitstreams/files.js'
import { Failure } from '../failure.js'
import { NoAnswer, type Requester } from './requester.js'
import { fetchSegment } from './transfer.js'
import { inWindow } from './window.js'

/** A segment: frames that decode only together. */
export interface Wanted {
  /** cam/boot/seq of its keyframe */
  readonly ref: string
  /** seq that must be in it: one that was fetched while it grew may be short. */
  readonly upTo: number
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
  await inWindow(wanted, inFlight, async ({ ref, upTo }) => {
    const [camera, boot, seq] = ref.split('/')
    const file = bitstreamFile(dir, { camera, boot, seq: Number(seq) })
    try {
      if (existsSync(file) && lastSeq(readInput(file)) >= upTo) return events.kept(file)
      const bytes = await fetchSegment(requester, ref)
      const last = lastSeq(bytes)
      if (last >= 0) writeWhole(file, bytes)
      if (last < upTo)
        throw new Failure('answer', `the archive's own copy is damaged, ${ref}: sound and written up to seq ${last}`)
      events.written(file)
    } catch (error) {
      // A silent box will be silent for the next ref too.
      if (!(error instanceof Failure) || error.code !== 'answer' || error.cause instanceof NoAnswer) throw error
      events.failed(error)
    }
  })
}

/** The last frame of a file without any damage; less than any if there is some. */
function lastSeq(bytes: Uint8Array): number {
  let last = -1
  for (const piece of readArchive(bytes)) {
    if (piece.kind === 'damage') return -1
    if (piece.kind !== 'index') last = piece.seq
  }
  return last
}

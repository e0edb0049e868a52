/** Bitstream files as segments: a keyframe and what was predicted after it, together the least that decodes by itself. */
import { CodecError, type Decoded, Decoder, type FrameInfo, type FrameRecord, readArchive } from '../../codec/index.js'
import type { Bundle } from '../../contract/bundle.js'
import { codingOf } from '../../contract/coding.js'
import { asFailure, Failure } from '../failure.js'
import { readInput } from './files.js'

export interface Segment {
  readonly file: string
  /** Of the keyframe: camera, boot, size and hashes are those of all its frames. */
  readonly frame: FrameInfo
  /** The keyframe first, without gaps. */
  readonly records: FrameRecord[]
}

/** In the order of the file; what is damaged goes to `failed`, with its place, and the rest is still read. */
export function segmentsOf(file: string, failed: (failure: Failure) => void): Segment[] {
  const segments: Segment[] = []
  const bytes = readInput(file)
  if (bytes.length === 0) failed(new Failure('input', `empty file, ${file}, get it again`))
  for (const piece of readArchive(bytes)) {
    if (piece.kind === 'damage') failed(damaged(file, piece.error, lostFrames(piece.segment)))
    else if (piece.kind === 'key') segments.push({ file, frame: piece.frame!, records: [piece] })
    else if (piece.kind === 'predicted') segments.at(-1)!.records.push(piece)
  }
  return segments
}

/** The same, of files that may not be there. */
export function segmentsOfAll(files: readonly string[], failed: (failure: Failure) => void): Segment[] {
  return files.flatMap((file) => {
    try {
      return segmentsOf(file, failed)
    } catch (error) {
      failed(asFailure(error))
      return []
    }
  })
}

/** Decodes segments; coders are megabytes, so one reader is kept for all of a bundle. */
export class SegmentDecoder {
  private readonly decoder: Decoder

  /** @throws {CodecError} a context model that this release does not read */
  constructor(bundle: Bundle) {
    this.decoder = new Decoder(codingOf(bundle))
  }

  /** A frame that does not decode ends its segment. @throws {Failure} saying what is lost */
  *frames({ file, records }: Segment): Generator<{ readonly record: FrameRecord; readonly decoded: Decoded }> {
    for (const [i, record] of records.entries()) {
      let decoded: Decoded
      try {
        decoded = this.decoder.decode(record)
      } catch (error) {
        if (!(error instanceof CodecError)) throw error
        const rest = records.length - i - 1
        throw damaged(file, error, rest > 0 ? `; with it ${rest} predicted from it` : '')
      }
      yield { record, decoded }
    }
  }
}

const damaged = (file: string, error: CodecError, more = ''): Failure =>
  new Failure('input', `damaged bitstream, ${file}: ${error.message}${more}`, { cause: error })

function lostFrames(
  segment: { camera: string; boot: string; seq: number; firstLost: number; lost?: number } | undefined,
) {
  if (!segment) return ''
  const { camera, boot, seq, firstLost, lost } = segment
  const what = lost === undefined ? `frames from ${firstLost} on` : `${lost} frames from ${firstLost} on`
  return `; lost of segment ${camera}/${boot}/${seq}: ${what}`
}

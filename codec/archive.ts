/**
 * Files: segments one after another, with or without index blocks, whole, cut or damaged.
 *
 * Read me first, how a reader finds its way after damage:
 * - It looks for the next sync point (sync.ts) from the byte after the damaged piece's first. A damaged index block costs
 *   nothing: the key record behind it is a sync point. A damaged record costs the rest of its segment, whose records are
 *   no sync points. The damage ends there even where two broken files were joined, because no length is believed.
 * - Searching inside a damaged record could be made slow with thousands of forged headers, each of a long record. So once
 *   the damaged records add up to several times the file, they are skipped by their length instead.
 */
import { readHeaderAt } from './container.js'
import { follows } from './decoder.js'
import { CodecError } from './errors.js'
import { type FrameRecord, readHeader, readRecordAt, startsWith } from './record.js'
import { INDEX_MAGIC, readIndexAt, readIndexLength, type SegmentIndex } from './segment.js'
import { nextSync } from './sync.js'

/** Frames that cannot be had. */
export interface Damage {
  readonly kind: 'damage'
  /** The bytes that were skipped: [offset, end). Equal where frames are simply not there. */
  readonly offset: number
  readonly end: number
  readonly error: CodecError
  /**
   * The segment being read, named by its keyframe, with the first frame that is lost and, if an index block said it, how many.
   * Without index blocks the first lost frame may be the first of the next segment. undefined: none was being read.
   */
  readonly segment?: {
    readonly camera: string
    readonly boot: string
    readonly seq: number
    readonly firstLost: number
    readonly lost?: number
  }
}

export interface IndexPiece {
  readonly kind: 'index'
  readonly offset: number
  readonly index: SegmentIndex
}

export type Piece = FrameRecord | IndexPiece | Damage

/** Damaged records and index blocks may be read again and again for this many times the file's length. */
const PATIENCE = 8

/** The segment being read. `frames` is known from an index block only. */
interface Open {
  readonly camera: string
  readonly boot: string
  readonly seq: number
  readonly frames?: number
}

/**
 * Everything in a file in order: index blocks, sound records each following the one before, and reports of what is damaged.
 * Never throws for what the bytes hold. Records are checked, not decoded: give them to a Decoder.
 */
export function* readArchive(bytes: Uint8Array): Generator<Piece> {
  let open: Open | undefined
  let last: FrameRecord | undefined
  let spent = 0
  for (let offset = 0; offset < bytes.length; ) {
    const piece = readPiece(bytes, offset, last)
    if (piece instanceof CodecError) {
      const skipped = damagedLength(bytes, offset)
      spent += skipped
      const sync = nextSync(bytes, offset + (spent > PATIENCE * bytes.length ? skipped : 1))
      const end = sync < 0 ? bytes.length : sync
      yield damage(offset, end, piece, open, last)
      open = last = undefined
      offset = end
    } else if (piece.kind === 'index') {
      if (isShort(open, last)) yield damage(offset, offset, endsEarly(offset), open, last)
      const { camera, boot, seq, frames } = piece.index
      open = { camera, boot, seq, frames: frames.length }
      last = undefined
      yield piece
      offset += piece.index.blockLength
    } else {
      if (piece.kind === 'key' && (last || !open || !announces(open, piece))) {
        if (isShort(open, last)) yield damage(offset, offset, endsEarly(offset), open, last)
        open = { camera: piece.frame!.camera, boot: piece.boot, seq: piece.seq }
      }
      last = piece
      yield piece
      offset += piece.length
    }
  }
  if (isShort(open, last)) yield damage(bytes.length, bytes.length, endsEarly(bytes.length), open, last)
}

function readPiece(
  bytes: Uint8Array,
  offset: number,
  last: FrameRecord | undefined,
): FrameRecord | IndexPiece | CodecError {
  try {
    if (startsWith(bytes, offset, INDEX_MAGIC)) return { kind: 'index', offset, index: readIndexAt(bytes, offset) }
    const record = readRecordAt(bytes, offset)
    if (record.kind === 'key' || (last && follows(record, last))) return record
    const what = `frame ${record.seq} of boot ${record.boot} does not follow the record before it`
    return new CodecError('chain', `record at byte ${offset}: ${what}`, offset)
  } catch (error) {
    if (error instanceof CodecError) return error
    throw error
  }
}

/** Bytes that a damaged piece says it has, or 1. */
function damagedLength(bytes: Uint8Array, offset: number): number {
  try {
    return Math.min(claimedLength(bytes, offset), bytes.length - offset)
  } catch {
    return 1
  }
}

function claimedLength(bytes: Uint8Array, offset: number): number {
  if (startsWith(bytes, offset, INDEX_MAGIC)) return readIndexLength(bytes, offset)
  return (bytes[offset + 4] === 1 ? readHeaderAt : readHeader)(bytes, offset).length
}

const framesRead = (last: FrameRecord | undefined): number => (last ? last.position + 1 : 0)

/** Whether an index block announced more frames than came. */
const isShort = (open: Open | undefined, last: FrameRecord | undefined): boolean =>
  open?.frames !== undefined && framesRead(last) < open.frames

const announces = (open: Open, { seq, boot, frame }: FrameRecord): boolean =>
  open.seq === seq && open.boot === boot && open.camera === frame?.camera

const endsEarly = (offset: number): CodecError =>
  new CodecError('truncated', `the segment ends at byte ${offset}, before its last frame`, offset)

function damage(
  offset: number,
  end: number,
  error: CodecError,
  open: Open | undefined,
  last: FrameRecord | undefined,
): Damage {
  // A segment that is complete is not the one that was hit.
  if (!open || (open.frames !== undefined && !isShort(open, last))) return { kind: 'damage', offset, end, error }
  const { camera, boot, seq, frames } = open
  const have = framesRead(last)
  const segment = { camera, boot, seq, firstLost: seq + have, ...(frames === undefined ? {} : { lost: frames - have }) }
  return { kind: 'damage', offset, end, error, segment }
}

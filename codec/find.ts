/** Which segments a file has, and where one frame lies, without reading payloads: from index blocks, or else from headers. */

import { readHeaderAt } from './container.js'
import { CodecError } from './errors.js'
import type { FrameInfo } from './info.js'
import { MAX_HEADER_BYTES, MAX_SEGMENT, type RecordInfo, readHeader, readRecordAt } from './record.js'
import { isIndexHead, MAX_INDEX_HEAD, readIndexAt, readIndexLength } from './segment.js'
import { isKeyHeader, isSync, nextSync } from './sync.js'

/** Random access to a file, so that it need not be in memory. */
export interface ByteSource {
  readonly length: number
  /** [offset, offset + length), less where the source ends. */
  read(offset: number, length: number): Uint8Array
}

export const sourceOf = (bytes: Uint8Array): ByteSource => ({
  length: bytes.length,
  read: (offset, length) => bytes.subarray(offset, offset + length),
})

export interface SegmentInfo {
  /** Of its index block, or of its key record if it has none. All bytes to decode it are [offset, offset + length). */
  readonly offset: number
  readonly length: number
  readonly camera: string
  readonly boot: string
  /** Of the keyframe; frame i has seq + i. */
  readonly seq: number
  readonly firstTimeUs: number
  readonly lastTimeUs: number
  /** Offsets count from the first byte of the file. */
  readonly frames: readonly { readonly offset: number; readonly timeUs: number }[]
}

export interface FoundFrame {
  readonly segment: SegmentInfo
  /** In the segment: so many predicted frames are to be decoded after the key. */
  readonly position: number
}

const HEAD = Math.max(MAX_HEADER_BYTES, MAX_INDEX_HEAD)
const WINDOW = 2 ** 16
/**
 * So many times the length of a file are looked at to tell whether what is claimed is so. Claims that overlap are a forger's:
 * beyond that they are believed, or passed over by the length that they claim, so that every file costs time in proportion.
 */
const PATIENCE = 8
/** No record is shorter. */
const LEAST_RECORD = 32

/**
 * In the order of the file. What no segment begins in is passed over: readArchive says what is wrong with it. A segment that
 * is listed may still be damaged inside.
 */
export function* listSegments(source: ByteSource): Generator<SegmentInfo> {
  const findSync = syncFinder(source)
  let spent = 0
  for (let offset = 0; offset < source.length; ) {
    const head = source.read(offset, HEAD)
    const block = isIndexHead(head, 0) ? readIndexLength(head, 0) : 0
    const found =
      block > 0 ? fromIndex(source, offset, block) : isKeyHeader(head, 0) ? fromHeaders(source, offset) : undefined
    if (found) yield { ...found.segment, length: Math.min(found.end, source.length) - offset }
    spent += block + (found ? costOf(found) : 0)
    const patient = spent <= PATIENCE * source.length
    if (found && (!patient || isWhole(source, found))) offset = found.end
    // The segment is cut, or something else lies here: past its key record, which begins where an index block ends.
    else if (found) offset = findSync(found.segment.frames[0].offset + 1)
    else offset = findSync(offset + Math.max(1, patient ? 0 : block))
  }
}

/** The frame of that seq, or the last one taken at or before that time. Times may go backwards where a clock was set. */
export function findFrame(
  source: ByteSource,
  wanted: { readonly camera: string } & ({ readonly boot: string; readonly seq: number } | { readonly timeUs: number }),
): FoundFrame | undefined {
  let found: FoundFrame | undefined
  let time = -1
  for (const segment of listSegments(source)) {
    if (segment.camera !== wanted.camera) continue
    if ('seq' in wanted) {
      const position = wanted.seq - segment.seq
      if (segment.boot === wanted.boot && position >= 0 && position < segment.frames.length)
        return { segment, position }
      continue
    }
    if (segment.firstTimeUs > wanted.timeUs) continue
    segment.frames.forEach(({ timeUs }, position) => {
      if (timeUs > wanted.timeUs || timeUs < time) return
      time = timeUs
      found = { segment, position }
    })
  }
  return found
}

/** With where it says that it ends, which may be past the end of what is there. */
interface Found {
  readonly segment: Omit<SegmentInfo, 'length'>
  readonly end: number
}

/** Bytes looked at, about: of its last record, and a header a frame. */
const costOf = ({ segment: { frames }, end }: Found): number =>
  frames.length * LEAST_RECORD + (frames.length === 1 ? 0 : Math.max(0, end - frames[frames.length - 1].offset))

/** Whether it ends where it says: a sync point or the end of the file is there, and a sound record before that. */
function isWhole(source: ByteSource, { segment: { frames }, end }: Found): boolean {
  if (end > source.length) return false
  if (end < source.length && !isSync(source.read(end, HEAD), 0)) return false
  // Of a single frame, to look at the last record would be to read all.
  if (frames.length === 1 && end < source.length) return true
  const last = frames[frames.length - 1].offset
  try {
    return readRecordAt(source.read(last, end - last), 0).length === end - last
  } catch (error) {
    if (error instanceof CodecError) return false
    throw error
  }
}

function fromIndex(source: ByteSource, offset: number, block: number): Found | undefined {
  try {
    const index = readIndexAt(source.read(offset, block), 0)
    const { camera, boot, seq, firstTimeUs, lastTimeUs, blockLength, recordsLength } = index
    const first = offset + blockLength
    // Cut right behind the index block: what follows is another segment.
    const key = readKey(source.read(first, HEAD))
    if (key?.camera !== camera || key.boot !== boot || key.seq !== seq) return undefined
    const frames = index.frames
      .map((frame) => ({ offset: first + frame.offset, timeUs: frame.timeUs }))
      .filter((frame) => frame.offset < source.length)
    const end = first + recordsLength
    const found = { segment: { offset, camera, boot, seq, firstTimeUs, lastTimeUs, frames }, end }
    return frames.length === index.frames.length ? withFollowing(source, found) : found
  } catch (error) {
    if (error instanceof CodecError) return undefined
    throw error
  }
}

/** A segment without index block: from header to header, as long as each says that it follows the one before. */
function fromHeaders(source: ByteSource, offset: number): Found {
  const { camera, boot, seq, timeUs, length } = readKey(source.read(offset, HEAD))!
  const frames = [{ offset, timeUs }]
  return withFollowing(source, {
    segment: { offset, camera, boot, seq, firstTimeUs: timeUs, lastTimeUs: timeUs, frames },
    end: offset + length,
  })
}

/** With the records behind its end that belong to it: an index block says nothing of those appended to a segment that still grew. */
function withFollowing(source: ByteSource, { segment, end }: Found): Found {
  const frames = [...segment.frames]
  let { firstTimeUs, lastTimeUs } = segment
  while (frames.length < MAX_SEGMENT) {
    const next = nextHeader(source, end)
    if (
      !next ||
      next.boot !== segment.boot ||
      next.position !== frames.length ||
      next.seq !== segment.seq + frames.length
    )
      break
    frames.push({ offset: end, timeUs: next.timeUs })
    firstTimeUs = Math.min(firstTimeUs, next.timeUs)
    lastTimeUs = Math.max(lastTimeUs, next.timeUs)
    end += next.length
  }
  return { segment: { ...segment, firstTimeUs, lastTimeUs, frames }, end }
}

/** What the key record says that these bytes begin with, of any version. */
function readKey(head: Uint8Array): (FrameInfo & { readonly length: number }) | undefined {
  if (!isKeyHeader(head, 0)) return undefined
  const key = head[4] === 1 ? readHeaderAt(head, 0) : readHeader(head, 0)
  return { ...('info' in key ? key.info : key.frame!), length: key.length }
}

/** The predicted record at `offset`, if its CRC link fits the four bytes before it. */
function nextHeader(source: ByteSource, offset: number): (RecordInfo & { readonly length: number }) | undefined {
  const bytes = source.read(offset - 4, HEAD + 4)
  try {
    const header = readHeader(bytes, 4)
    const crc = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true)
    return header.kind === 'predicted' && header.chain === crc ? header : undefined
  } catch (error) {
    if (error instanceof CodecError) return undefined
    throw error
  }
}

/**
 * As nextSync, piece by piece; the length where there is none. Asked for ever later places: the last piece is kept, or
 * sync points close to each other would each cost one.
 */
function syncFinder(source: ByteSource): (from: number) => number {
  let start = 0
  let piece: Uint8Array = new Uint8Array(0)
  return (from) => {
    for (let at = from; at < source.length; at = start + WINDOW) {
      if (at >= start + Math.min(piece.length, WINDOW)) {
        start = at
        piece = source.read(start, WINDOW + HEAD)
      }
      const found = nextSync(piece, at - start)
      if (found >= 0) return start + found
    }
    return source.length
  }
}

/**
 * A segment in a file: an index block, then its records. The block says whose frames follow, when they were taken and where
 * each begins, so that one frame or a time range is found without reading the rest. Layout in FORMAT.md.
 *
 * Surprise: the block has two CRCs. That of its fixed part comes first, so that the number of frames is trusted before the
 * table of that many entries is read.
 */
import { readHex, writeHex } from './container.js'
import { crc32 } from './crc32.js'
import { follows } from './decoder.js'
import { CodecError } from './errors.js'
import { MAX_SEGMENT, readRecordAt, startsWith } from './record.js'

export interface SegmentIndex {
  readonly camera: string
  readonly boot: string
  /** Of the keyframe; frame i has seq + i. */
  readonly seq: number
  readonly firstTimeUs: number
  readonly lastTimeUs: number
  /** By frame. Offsets count from the first record. */
  readonly frames: readonly { readonly offset: number; readonly timeUs: number }[]
  /** Bytes of the block, and of the records behind it. */
  readonly blockLength: number
  readonly recordsLength: number
}

export const INDEX_MAGIC = [0xab, 0x42, 0x53, 0x49] as const
const VERSION = 1
const AT = {
  version: 4,
  cameraLength: 5,
  count: 6,
  blockLength: 8,
  recordsLength: 12,
  seq: 16,
  boot: 20,
  firstTime: 28,
  lastTime: 36,
  camera: 44,
} as const
const CRC_BYTES = 4
const ENTRY_BYTES = 8
/** Enough of a block to know its length. */
export const MAX_INDEX_HEAD = AT.camera + 64 + CRC_BYTES
const MAX_DELTA = 2 ** 31

const cameraPattern = /^[a-z0-9_-]{1,64}$/

/** The records of one segment, key first, as one piece of a file. */
export function packSegment(records: readonly Uint8Array[]): Uint8Array {
  const refuse = (what: string): never => {
    throw new CodecError('argument', `segment cannot be packed: ${what}`)
  }
  const read = records.map((bytes) => readRecordAt(bytes, 0))
  const key = read[0]
  if (!key?.frame) return refuse('it does not begin with a key record')
  if (read.length > MAX_SEGMENT) refuse(`${read.length} frames are over ${MAX_SEGMENT}`)
  read.forEach((record, i) => {
    if (record.length !== records[i].length) refuse(`bytes follow record ${i}`)
    if (i > 0 && !follows(record, read[i - 1])) refuse(`record ${i} does not follow the one before`)
    if (Math.abs(record.timeUs - key.timeUs) >= MAX_DELTA) refuse(`record ${i} is over 35 minutes from the first`)
  })
  const { camera } = key.frame
  const head = AT.camera + camera.length
  const blockLength = head + CRC_BYTES + ENTRY_BYTES * read.length + CRC_BYTES
  const recordsLength = read.reduce((sum, { length }) => sum + length, 0)
  const bytes = new Uint8Array(blockLength + recordsLength)
  const view = new DataView(bytes.buffer)
  bytes.set(INDEX_MAGIC)
  bytes[AT.version] = VERSION
  bytes[AT.cameraLength] = camera.length
  view.setUint16(AT.count, read.length, true)
  view.setUint32(AT.blockLength, blockLength, true)
  view.setUint32(AT.recordsLength, recordsLength, true)
  view.setUint32(AT.seq, key.seq, true)
  writeHex(bytes, AT.boot, key.boot)
  const times = read.map(({ timeUs }) => timeUs)
  writeTime(view, AT.firstTime, Math.min(...times))
  writeTime(view, AT.lastTime, Math.max(...times))
  for (let i = 0; i < camera.length; i++) bytes[AT.camera + i] = camera.charCodeAt(i)
  const headCrc = crc32(bytes, 0, head)
  view.setUint32(head, headCrc, true)
  let at = head + CRC_BYTES
  let offset = 0
  read.forEach((record, i) => {
    view.setUint32(at, offset, true)
    view.setUint32(at + 4, record.timeUs - Math.min(...times), true)
    bytes.set(records[i], blockLength + offset)
    offset += record.length
    at += ENTRY_BYTES
  })
  view.setUint32(at, crc32(bytes, head + CRC_BYTES, at, headCrc), true)
  return bytes
}

/** The same, and where an index block cannot say it (times too far from the key's) the records alone. */
export function segmentFile(records: readonly Uint8Array[]): Uint8Array {
  try {
    return packSegment(records)
  } catch (error) {
    if (!(error instanceof CodecError)) throw error
    const file = new Uint8Array(records.reduce((sum, { length }) => sum + length, 0))
    let at = 0
    for (const record of records) {
      file.set(record, at)
      at += record.length
    }
    return file
  }
}

/** Whether a block with a sound fixed part begins here. */
export function isIndexHead(bytes: Uint8Array, offset: number): boolean {
  return startsWith(bytes, offset, INDEX_MAGIC) && headFault(bytes, offset) === undefined
}

/** Bytes of the block that begins at `offset`, from its fixed part alone. @throws {CodecError} */
export function readIndexLength(bytes: Uint8Array, offset: number): number {
  const fault = headFault(bytes, offset)
  if (fault) throw fault
  return new DataView(bytes.buffer, bytes.byteOffset + offset).getUint32(AT.blockLength, true)
}

/** @throws {CodecError} */
export function readIndexAt(bytes: Uint8Array, offset: number): SegmentIndex {
  const blockLength = readIndexLength(bytes, offset)
  const fail = (code: 'truncated' | 'checksum' | 'header', at: number, what: string): never => {
    throw new CodecError(code, `segment index at byte ${offset}: ${what} (byte ${offset + at})`, offset + at)
  }
  const have = bytes.length - offset
  if (have < blockLength) fail('truncated', have, 'is cut off')
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, blockLength)
  const head = AT.camera + view.getUint8(AT.cameraLength)
  const end = blockLength - CRC_BYTES
  const first = head + CRC_BYTES
  if (crc32(bytes, offset + first, offset + end, view.getUint32(head, true)) !== view.getUint32(end, true)) {
    fail('checksum', end, 'is damaged, its CRC-32 differs')
  }
  const recordsLength = view.getUint32(AT.recordsLength, true)
  const firstTimeUs = readTime(view, AT.firstTime)
  const lastTimeUs = readTime(view, AT.lastTime)
  const camera = String.fromCharCode(...bytes.subarray(offset + AT.camera, offset + head))
  if (!cameraPattern.test(camera)) fail('header', AT.camera, 'the writer was faulty, the camera id is none')
  const frames: { offset: number; timeUs: number }[] = []
  for (let at = first; at < end; at += ENTRY_BYTES) {
    const frame = { offset: view.getUint32(at, true), timeUs: firstTimeUs + view.getUint32(at + 4, true) }
    const least = frames.length === 0 ? 0 : frames[frames.length - 1].offset + 1
    const fits = frames.length === 0 ? frame.offset === 0 : frame.offset >= least && frame.offset < recordsLength
    if (!fits || frame.timeUs > lastTimeUs) fail('header', at, 'the writer was faulty, an entry is out of range')
    frames.push(frame)
  }
  if (!Number.isSafeInteger(lastTimeUs)) fail('header', AT.lastTime, 'the writer was faulty, the time is none')
  return {
    camera,
    boot: readHex(bytes, offset + AT.boot),
    seq: view.getUint32(AT.seq, true),
    firstTimeUs,
    lastTimeUs,
    frames,
    blockLength,
    recordsLength,
  }
}

function headFault(bytes: Uint8Array, offset: number): CodecError | undefined {
  const fail = (code: 'magic' | 'truncated' | 'version' | 'header' | 'checksum', at: number, what: string) =>
    new CodecError(code, `segment index at byte ${offset}: ${what} (byte ${offset + at})`, offset + at)
  const have = bytes.length - offset
  if (!startsWith(bytes, offset, INDEX_MAGIC.slice(0, Math.max(0, have)))) return fail('magic', 0, 'none starts here')
  if (have < AT.camera) return fail('truncated', have, 'is cut off')
  if (bytes[offset + AT.version] !== VERSION) return fail('version', AT.version, 'needs a newer reader')
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, have)
  const cameraLength = view.getUint8(AT.cameraLength)
  const head = AT.camera + cameraLength
  if (cameraLength < 1 || cameraLength > 64) return fail('header', AT.cameraLength, 'has no camera id')
  if (have < head + CRC_BYTES) return fail('truncated', have, 'is cut off')
  if (crc32(bytes, offset, offset + head) !== view.getUint32(head, true)) {
    return fail('checksum', head, 'is damaged, the CRC-32 of its fixed part differs')
  }
  const count = view.getUint16(AT.count, true)
  const blockLength = head + CRC_BYTES + ENTRY_BYTES * count + CRC_BYTES
  if (count < 1 || count > MAX_SEGMENT || view.getUint32(AT.blockLength, true) !== blockLength) {
    return fail('header', AT.count, 'the writer was faulty, the number of frames does not fit')
  }
  return undefined
}

function writeTime(view: DataView, at: number, timeUs: number): void {
  view.setUint32(at, timeUs % 2 ** 32, true)
  view.setUint32(at + 4, Math.floor(timeUs / 2 ** 32), true)
}

const readTime = (view: DataView, at: number): number =>
  view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true)

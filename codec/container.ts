/**
 * The record around a payload. Layout, byte by byte, in FORMAT.md.
 *
 * Surprise: the record's CRC leaves out the four bytes of the header's CRC. A CRC run over data followed by that data's
 * own CRC always ends in the same value, whatever the data: had it run over both, it would no longer depend on the header,
 * and the header of one record before the payload of another of the same length would pass.
 */
import { crc32 } from './crc32.js'
import { CodecError } from './errors.js'
import { type FrameInfo, infoFault } from './info.js'

export const FORMAT = 'blindsight.frame.v1'

export interface Frame {
  readonly info: FrameInfo
  /** A view into the bytes that were read, not a copy. */
  readonly payload: Uint8Array
  /** Bytes of the whole record. */
  readonly length: number
}

/** 0xAB is no ASCII, no UTF-8 start and loses its top bit on a 7-bit path; then "BSF", blindsight frame. */
const MAGIC = [0xab, 0x42, 0x53, 0x46]
const VERSION = 1

const AT = {
  version: 4,
  mode: 5,
  headerLength: 6,
  recordLength: 8,
  bundle: 12,
  tables: 20,
  boot: 28,
  seq: 36,
  timeUs: 40,
  width: 48,
  height: 50,
  channels: 52,
  levels: 53,
  stride: 54,
  cameraLength: 55,
  camera: 56,
} as const

const CRC_BYTES = 4

/** Twice the longest static payload: a cap for readers that buffer a stream by the record length. */
const MAX_RECORD_BYTES = 2 ** 28

export function packFrame(info: FrameInfo, payload: Uint8Array): Uint8Array {
  const fault = infoFault(info)
  if (fault !== undefined) throw new CodecError('argument', `frame cannot be packed: ${fault}`)
  const headerLength = AT.camera + info.camera.length
  const recordLength = headerLength + CRC_BYTES + payload.length + CRC_BYTES
  if (recordLength > MAX_RECORD_BYTES) {
    throw new CodecError('argument', `frame cannot be packed: ${recordLength} bytes are over ${MAX_RECORD_BYTES}`)
  }
  const bytes = new Uint8Array(recordLength)
  const view = new DataView(bytes.buffer)
  bytes.set(MAGIC)
  bytes[AT.version] = VERSION
  bytes[AT.mode] = info.mode
  view.setUint16(AT.headerLength, headerLength, true)
  view.setUint32(AT.recordLength, recordLength, true)
  writeHex(bytes, AT.bundle, info.bundle)
  writeHex(bytes, AT.tables, info.tables)
  writeHex(bytes, AT.boot, info.boot)
  view.setUint32(AT.seq, info.seq, true)
  view.setUint32(AT.timeUs, info.timeUs % 2 ** 32, true)
  view.setUint32(AT.timeUs + 4, Math.floor(info.timeUs / 2 ** 32), true)
  view.setUint16(AT.width, info.width, true)
  view.setUint16(AT.height, info.height, true)
  bytes[AT.channels] = info.channels
  bytes[AT.levels] = info.levels
  bytes[AT.stride] = info.stride
  bytes[AT.cameraLength] = info.camera.length
  for (let i = 0; i < info.camera.length; i++) bytes[AT.camera + i] = info.camera.charCodeAt(i)

  const body = headerLength + CRC_BYTES
  const end = recordLength - CRC_BYTES
  bytes.set(payload, body)
  const headerCrc = crc32(bytes, 0, headerLength)
  view.setUint32(headerLength, headerCrc, true)
  view.setUint32(end, crc32(bytes, body, end, headerCrc), true)
  return bytes
}

/** Exactly one record, nothing left over. */
export function readFrame(bytes: Uint8Array): Frame {
  const frame = readAt(bytes, 0)
  if (frame.length === bytes.length) return frame
  const left = bytes.length - frame.length
  throw new CodecError(
    'trailing',
    `${left} bytes follow the record at byte ${frame.length}: read several with readFrames`,
  )
}

/** Records one after another, nothing between or after them. Those before a fault are yielded first. */
export function* readFrames(bytes: Uint8Array): Generator<Frame> {
  for (let offset = 0; offset < bytes.length; ) {
    const frame = readAt(bytes, offset)
    yield frame
    offset += frame.length
  }
}

/** Nothing is believed before it is checked: first what is needed to find the header's CRC, then that, then the rest. */
export function readAt(bytes: Uint8Array, offset: number): Frame {
  const { info, body, headerCrc, length } = readHeaderAt(bytes, offset)
  const missing = length - (bytes.length - offset)
  if (missing > 0) throw cutOff(offset, bytes.length, 'payload', missing)
  const end = length - CRC_BYTES
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, length)
  if (crc32(bytes, offset + body, offset + end, headerCrc) !== view.getUint32(end, true)) {
    const what = 'the payload is damaged, the CRC-32 of the record differs: fetch it again'
    throw new CodecError('checksum', `record at byte ${offset}: ${what} (byte ${offset + end})`, offset + end)
  }
  return { info, payload: new Uint8Array(bytes.buffer, bytes.byteOffset + offset + body, end - body), length }
}

/** All that can be known without the payload; `body` is where that begins in the record. */
export function readHeaderAt(
  bytes: Uint8Array,
  offset: number,
): { info: FrameInfo; body: number; headerCrc: number; length: number } {
  const have = bytes.length - offset
  const need = (length: number, what: string): void => {
    if (have >= length) return
    throw cutOff(offset, bytes.length, what, length - have)
  }
  const fail = (code: 'magic' | 'version' | 'header' | 'checksum', at: number, what: string): never => {
    throw new CodecError(code, `record at byte ${offset}: ${what} (byte ${offset + at})`, offset + at)
  }

  for (let i = 0; i < Math.min(MAGIC.length, have); i++) {
    if (bytes[offset + i] !== MAGIC[i]) fail('magic', i, `no ${FORMAT} record starts here`)
  }
  need(AT.version + 1, 'magic and version')
  const version = bytes[offset + AT.version]
  if (version !== VERSION)
    fail('version', AT.version, `container version ${version} needs a newer reader than ${VERSION}`)
  need(AT.camera, 'header')

  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, have)
  const headerLength = view.getUint16(AT.headerLength, true)
  const cameraLength = view.getUint8(AT.cameraLength)
  if (headerLength !== AT.camera + cameraLength) {
    fail('header', AT.headerLength, `a header of ${headerLength} bytes cannot hold a camera id of ${cameraLength}`)
  }
  const body = headerLength + CRC_BYTES
  need(body, 'header')
  const headerCrc = crc32(bytes, offset, offset + headerLength)
  if (headerCrc !== view.getUint32(headerLength, true)) {
    fail('checksum', headerLength, 'the header is damaged, its CRC-32 differs: fetch it again')
  }

  const info = readInfo(bytes, offset, view, cameraLength)
  const fault = infoFault(info)
  if (fault !== undefined) fail('header', 0, `the writer was faulty, ${fault}`)
  const length = view.getUint32(AT.recordLength, true)
  if (length < body + CRC_BYTES || length > MAX_RECORD_BYTES) {
    fail(
      'header',
      AT.recordLength,
      `the writer was faulty, a record of ${length} bytes is not ${body + CRC_BYTES}..${MAX_RECORD_BYTES}`,
    )
  }
  return { info, body, headerCrc, length }
}

export function cutOff(offset: number, end: number, part: string, missing: number): CodecError {
  const where = `record at byte ${offset} is cut off at byte ${end} in its ${part}`
  return new CodecError('truncated', `${where}: ${missing} bytes are missing, fetch it again`, end)
}

function readInfo(bytes: Uint8Array, offset: number, view: DataView, cameraLength: number): FrameInfo {
  const camera = bytes.subarray(offset + AT.camera, offset + AT.camera + cameraLength)
  return {
    mode: view.getUint8(AT.mode),
    bundle: readHex(bytes, offset + AT.bundle),
    tables: readHex(bytes, offset + AT.tables),
    camera: String.fromCharCode(...camera),
    boot: readHex(bytes, offset + AT.boot),
    seq: view.getUint32(AT.seq, true),
    // Above 2^53 the sum is inexact, but still above 2^53: infoFault refuses it.
    timeUs: view.getUint32(AT.timeUs + 4, true) * 2 ** 32 + view.getUint32(AT.timeUs, true),
    width: view.getUint16(AT.width, true),
    height: view.getUint16(AT.height, true),
    channels: view.getUint8(AT.channels),
    levels: view.getUint8(AT.levels),
    stride: view.getUint8(AT.stride),
  }
}

const HASH_BYTES = 8

export function writeHex(bytes: Uint8Array, at: number, hex: string): void {
  for (let i = 0; i < HASH_BYTES; i++) bytes[at + i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)
}

export function readHex(bytes: Uint8Array, at: number): string {
  let hex = ''
  for (let i = 0; i < HASH_BYTES; i++) hex += bytes[at + i].toString(16).padStart(2, '0')
  return hex
}

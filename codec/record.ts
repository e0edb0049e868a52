/**
 * Container version 2: key records that say everything, predicted records that say what they follow. Layout in FORMAT.md.
 *
 * Surprises:
 * - A predicted record does not repeat camera, shape and hashes: it means nothing without its key record, and a quiet frame
 *   has fewer bytes than they. `chain` is the record CRC of the record before it; that one covers its own chain, and so on
 *   back to the key. Whoever decodes a predicted record has therefore decoded exactly what its encoder had.
 * - seq counts without gaps, so that of the segment is seq - position and is not stored.
 * - The record's CRC leaves out the header's, for the reason in container.ts.
 */
import { cutOff, readAt, readHex, writeHex } from './container.js'
import { crc32 } from './crc32.js'
import { CodecError, type CodecErrorCode } from './errors.js'
import { type FrameInfo, infoFault } from './info.js'

export const FORMAT_2 = 'blindsight.frame.v2'

export type Profile = 'static' | 'fast' | 'max'
export const PROFILES: readonly Profile[] = ['static', 'fast', 'max']

/** What every record says. */
export interface RecordInfo {
  readonly kind: 'key' | 'predicted'
  /** undefined: one that this build does not know. Such a record can be passed on and passed over, not decoded. */
  readonly profile: Profile | undefined
  readonly boot: string
  readonly seq: number
  readonly timeUs: number
  /** In the segment; the keyframe is 0. */
  readonly position: number
}

export interface FrameRecord extends RecordInfo {
  readonly version: 1 | 2
  /** Of a key record. */
  readonly frame?: FrameInfo
  /** Of a key record: first 8 bytes of the SHA-256 of context.bin, zeros for static; undefined in version 1. */
  readonly context?: string
  /** Of a predicted record: CRC of the record before it. */
  readonly chain?: number
  /** The record's own CRC. */
  readonly crc: number
  /** A view into the bytes that were read, not a copy. */
  readonly payload: Uint8Array
  /** Where the record began in the bytes that were read, and its bytes. */
  readonly offset: number
  readonly length: number
}

/** A header that passed its CRC. */
interface Header extends RecordInfo {
  readonly frame?: FrameInfo
  readonly context?: string
  readonly chain?: number
  /** Offset of the header CRC in the record. */
  readonly headerLength: number
  readonly length: number
}

export const NO_CONTEXT = '0000000000000000'
/** Frames of one segment. Bounds what a reader must keep of an index, and what one lost byte can cost. */
export const MAX_SEGMENT = 4096

export const RECORD_MAGIC = [0xab, 0x42, 0x53, 0x46] as const
const VERSION = 2
const PREDICTED = 0x80
const CRC_BYTES = 4
const MAX_RECORD_BYTES = 2 ** 28

const AT = { version: 4, kind: 5, headerLength: 6, recordLength: 8, seq: 12, timeUs: 16, boot: 24 } as const
const KEY = {
  bundle: 32,
  tables: 40,
  context: 48,
  width: 56,
  height: 58,
  channels: 60,
  levels: 61,
  stride: 62,
  cameraLength: 63,
  camera: 64,
} as const
const NEXT = { position: 32, chain: 34, end: 38 } as const

/** Enough of a record to know its length: the longest header and its CRC. */
export const MAX_HEADER_BYTES = KEY.camera + 64 + CRC_BYTES

const hashPattern = /^[0-9a-f]{16}$/

export interface KeyFields {
  readonly profile: Profile
  /** `mode` is not stored; it follows from the profile. */
  readonly frame: FrameInfo
  readonly context: string
}

export function packKeyRecord({ profile, frame, context }: KeyFields, payload: Uint8Array): Uint8Array {
  const fault = infoFault(frame)
  if (fault !== undefined) throw new CodecError('argument', `record cannot be packed: ${fault}`)
  if (!hashPattern.test(context) || (profile === 'static') !== (context === NO_CONTEXT)) {
    throw new CodecError('argument', `record cannot be packed: context ${context} does not fit profile ${profile}`)
  }
  const headerLength = KEY.camera + frame.camera.length
  const { bytes, view } = start(headerLength, payload, PROFILES.indexOf(profile), frame)
  writeHex(bytes, KEY.bundle, frame.bundle)
  writeHex(bytes, KEY.tables, frame.tables)
  writeHex(bytes, KEY.context, context)
  view.setUint16(KEY.width, frame.width, true)
  view.setUint16(KEY.height, frame.height, true)
  bytes[KEY.channels] = frame.channels
  bytes[KEY.levels] = frame.levels
  bytes[KEY.stride] = frame.stride
  bytes[KEY.cameraLength] = frame.camera.length
  for (let i = 0; i < frame.camera.length; i++) bytes[KEY.camera + i] = frame.camera.charCodeAt(i)
  return seal(bytes, view, headerLength)
}

export interface PredictedFields {
  readonly profile: 'fast' | 'max'
  readonly boot: string
  readonly seq: number
  readonly timeUs: number
  readonly position: number
  readonly chain: number
}

export function packPredictedRecord(fields: PredictedFields, payload: Uint8Array): Uint8Array {
  const fault = predictedFault(fields)
  if (fault !== undefined) throw new CodecError('argument', `record cannot be packed: ${fault}`)
  const { bytes, view } = start(NEXT.end, payload, PREDICTED | PROFILES.indexOf(fields.profile), fields)
  view.setUint16(NEXT.position, fields.position, true)
  view.setUint32(NEXT.chain, fields.chain, true)
  return seal(bytes, view, NEXT.end)
}

function start(
  headerLength: number,
  payload: Uint8Array,
  kind: number,
  { seq, timeUs, boot }: { seq: number; timeUs: number; boot: string },
): { bytes: Uint8Array; view: DataView } {
  const length = headerLength + CRC_BYTES + payload.length + CRC_BYTES
  if (length > MAX_RECORD_BYTES) {
    throw new CodecError('argument', `record cannot be packed: ${length} bytes are over ${MAX_RECORD_BYTES}`)
  }
  const bytes = new Uint8Array(length)
  const view = new DataView(bytes.buffer)
  bytes.set(RECORD_MAGIC)
  bytes[AT.version] = VERSION
  bytes[AT.kind] = kind
  view.setUint16(AT.headerLength, headerLength, true)
  view.setUint32(AT.recordLength, length, true)
  view.setUint32(AT.seq, seq, true)
  view.setUint32(AT.timeUs, timeUs % 2 ** 32, true)
  view.setUint32(AT.timeUs + 4, Math.floor(timeUs / 2 ** 32), true)
  writeHex(bytes, AT.boot, boot)
  bytes.set(payload, headerLength + CRC_BYTES)
  return { bytes, view }
}

function seal(bytes: Uint8Array, view: DataView, headerLength: number): Uint8Array {
  const headerCrc = crc32(bytes, 0, headerLength)
  const end = bytes.length - CRC_BYTES
  view.setUint32(headerLength, headerCrc, true)
  view.setUint32(end, crc32(bytes, headerLength + CRC_BYTES, end, headerCrc), true)
  return bytes
}

/** Exactly one record of any version, nothing left over. */
export function readRecord(bytes: Uint8Array): FrameRecord {
  const record = readRecordAt(bytes, 0)
  if (record.length === bytes.length) return record
  throw new CodecError(
    'trailing',
    `${bytes.length - record.length} bytes follow the record at byte ${record.length}: read several with readArchive`,
    record.length,
  )
}

/** The record of any version that begins at `offset`; what follows it is not looked at. */
export function readRecordAt(bytes: Uint8Array, offset: number): FrameRecord {
  if (bytes[offset + AT.version] === 1 && startsWith(bytes, offset, RECORD_MAGIC)) return readVersion1(bytes, offset)
  const header = readHeader(bytes, offset)
  const { headerLength, length, ...rest } = header
  const have = bytes.length - offset
  if (have < length) throw cutOff(offset, bytes.length, 'payload', length - have)
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, length)
  const body = headerLength + CRC_BYTES
  const end = length - CRC_BYTES
  const crc = view.getUint32(end, true)
  if (crc32(bytes, offset + body, offset + end, view.getUint32(headerLength, true)) !== crc) {
    throw fault('checksum', offset, end, 'the payload is damaged, the CRC-32 of the record differs: fetch it again')
  }
  const payload = new Uint8Array(bytes.buffer, bytes.byteOffset + offset + body, end - body)
  return { version: 2, ...rest, crc, payload, offset, length }
}

function readVersion1(bytes: Uint8Array, offset: number): FrameRecord {
  const { info, payload, length } = readAt(bytes, offset)
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, length)
  return {
    version: 1,
    kind: 'key',
    profile: info.mode === 0 ? 'static' : undefined,
    boot: info.boot,
    seq: info.seq,
    timeUs: info.timeUs,
    position: 0,
    frame: info,
    crc: view.getUint32(length - CRC_BYTES, true),
    payload,
    offset,
    length,
  }
}

/** Nothing is believed before it is checked: first what is needed to find the header's CRC, then that, then the rest. */
export function readHeader(bytes: Uint8Array, offset: number): Header {
  const have = bytes.length - offset
  const need = (length: number, what: string): void => {
    if (have < length) throw cutOff(offset, bytes.length, what, length - have)
  }
  if (!startsWith(bytes, offset, RECORD_MAGIC.slice(0, Math.max(0, have)))) {
    throw fault('magic', offset, 0, 'no record starts here')
  }
  need(AT.kind, 'magic and version')
  const version = bytes[offset + AT.version]
  if (version !== VERSION) {
    throw fault('version', offset, AT.version, `container version ${version} needs a newer reader than ${VERSION}`)
  }
  need(AT.recordLength, 'header')
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, have)
  const kind = view.getUint8(AT.kind)
  const headerLength = view.getUint16(AT.headerLength, true)
  const predicted = kind >= PREDICTED
  if (predicted ? headerLength !== NEXT.end : headerLength <= KEY.camera || headerLength > KEY.camera + 64) {
    throw fault('header', offset, AT.headerLength, `no header of this kind has ${headerLength} bytes`)
  }
  need(headerLength + CRC_BYTES, 'header')
  if (crc32(bytes, offset, offset + headerLength) !== view.getUint32(headerLength, true)) {
    throw fault('checksum', offset, headerLength, 'the header is damaged, its CRC-32 differs: fetch it again')
  }

  const wrong = (at: number, what: string) => fault('header', offset, at, `the writer was faulty, ${what}`)
  const profile = PROFILES[kind % PREDICTED]
  const length = view.getUint32(AT.recordLength, true)
  if (length < headerLength + 2 * CRC_BYTES || length > MAX_RECORD_BYTES) {
    throw wrong(AT.recordLength, `a record of ${length} bytes is none`)
  }
  const common = {
    profile,
    boot: readHex(bytes, offset + AT.boot),
    seq: view.getUint32(AT.seq, true),
    timeUs: view.getUint32(AT.timeUs + 4, true) * 2 ** 32 + view.getUint32(AT.timeUs, true),
    headerLength,
    length,
  }
  if (predicted) {
    const position = view.getUint16(NEXT.position, true)
    const chain = view.getUint32(NEXT.chain, true)
    const what = predictedFault({ ...common, position, chain })
    if (what !== undefined) throw wrong(AT.kind, what)
    return { kind: 'predicted', ...common, position, chain }
  }
  if (view.getUint8(KEY.cameraLength) !== headerLength - KEY.camera) {
    throw wrong(KEY.cameraLength, 'header length and camera id do not agree')
  }
  const context = readHex(bytes, offset + KEY.context)
  const frame: FrameInfo = {
    mode: kind,
    bundle: readHex(bytes, offset + KEY.bundle),
    tables: readHex(bytes, offset + KEY.tables),
    camera: String.fromCharCode(...bytes.subarray(offset + KEY.camera, offset + headerLength)),
    boot: common.boot,
    seq: common.seq,
    timeUs: common.timeUs,
    width: view.getUint16(KEY.width, true),
    height: view.getUint16(KEY.height, true),
    channels: view.getUint8(KEY.channels),
    levels: view.getUint8(KEY.levels),
    stride: view.getUint8(KEY.stride),
  }
  const what = infoFault(frame)
  if (what !== undefined) throw wrong(KEY.bundle, what)
  if (profile !== undefined && (profile === 'static') !== (context === NO_CONTEXT)) {
    throw wrong(KEY.context, `context ${context} does not fit profile ${profile}`)
  }
  return { kind: 'key', ...common, position: 0, frame, context }
}

function predictedFault({
  profile,
  boot,
  seq,
  timeUs,
  position,
  chain,
}: Omit<PredictedFields, 'profile'> & { readonly profile: Profile | undefined }): string | undefined {
  if (profile === 'static') return `profile ${profile} has no predicted records`
  if (!hashPattern.test(boot)) return `boot ${boot} is not 16 lower-case hexadecimal digits`
  if (!Number.isInteger(seq) || seq < 0 || seq >= 2 ** 32) return `seq ${seq} is not in 0..2^32 - 1`
  if (!Number.isSafeInteger(timeUs) || timeUs < 0) return `timeUs ${timeUs} is not in 0..2^53 - 1`
  if (!Number.isInteger(position) || position < 1 || position >= MAX_SEGMENT || position > seq) {
    return `position ${position} is not in 1..${MAX_SEGMENT - 1}, or is above seq ${seq}`
  }
  if (!Number.isInteger(chain) || chain < 0 || chain >= 2 ** 32) return `chain ${chain} is not in 0..2^32 - 1`
  return undefined
}

export function startsWith(bytes: Uint8Array, offset: number, magic: readonly number[]): boolean {
  for (let i = 0; i < magic.length; i++) if (bytes[offset + i] !== magic[i]) return false
  return true
}

function fault(code: CodecErrorCode, offset: number, at: number, what: string): CodecError {
  return new CodecError(code, `record at byte ${offset}: ${what} (byte ${offset + at})`, offset + at)
}

/** Our coder on one material: sizes as they would lie in an archive, and times of one core each way. */

import { type Coding, Decoder, Encoder, Packer, type Profile, packSegment, readArchive } from '../../../codec/index.js'
import type { Material } from './material.js'

export interface OwnResult {
  readonly profile: Profile
  /** Payloads alone, and whole files: records and, for the segments of clips, index blocks. */
  readonly payloadBytes: number
  readonly fileBytes: number
  readonly payloadBpp: number
  readonly fileBpp: number
  /** Of one core: the mean over all frames, and the slowest frame; of each frame the fastest of three rounds. */
  readonly encodeMs: number
  readonly decodeMs: number
  readonly encodeWorstMs: number
  readonly decodeWorstMs: number
  /** The coder's own buffers, after a frame; the context model, shared by all coders, is counted apart. */
  readonly encoderMb: number
}

const ROUNDS = 3

/** `interval`: frames from key to key; 1 is every frame. Throws if what is decoded is not what was encoded. */
export function measure(
  material: Material,
  profile: Profile,
  coding: Coding,
  stride: number,
  interval: number,
): OwnResult {
  const { width, height, symbols } = material
  const shape = { height: height / stride, width: width / stride }
  const encoder = new Encoder(profile, coding, shape)
  const decoder = new Decoder(coding)
  let payloadBytes = 0
  let fileBytes = 0
  const encodeTimes: number[][] = []
  const decodeTimes: number[][] = []
  for (let round = 0; round < ROUNDS; round++) {
    const packer = new Packer(coding.contextHash)
    const times: number[] = []
    const pieces: Uint8Array[] = []
    let segment: Uint8Array[] = []
    payloadBytes = 0
    symbols.forEach((frame, seq) => {
      const info = infoOf(material, coding, stride, seq)
      const started = performance.now()
      const coded = encoder.encode(frame, { key: seq % interval === 0 })
      times.push(performance.now() - started)
      payloadBytes += coded.payload.length
      if (coded.key && segment.length > 0) pieces.push(close(segment))
      if (coded.key) segment = []
      segment.push(packer.pack(info, coded))
    })
    pieces.push(close(segment))
    encodeTimes.push(times)
    const file = Buffer.concat(pieces)
    fileBytes = file.length
    decodeTimes.push(check(file, decoder, symbols))
  }
  const pixels = symbols.length * width * height
  const encodeMs = leastOf(encodeTimes)
  const decodeMs = leastOf(decodeTimes)
  return {
    profile,
    payloadBytes,
    fileBytes,
    payloadBpp: (8 * payloadBytes) / pixels,
    fileBpp: (8 * fileBytes) / pixels,
    encodeMs: mean(encodeMs),
    decodeMs: mean(decodeMs),
    encodeWorstMs: Math.max(...encodeMs),
    decodeWorstMs: Math.max(...decodeMs),
    encoderMb: bufferBytes(encoder, coding) / 1e6,
  }
}

/** A segment of one frame is its record: an index block would only say the same again. */
const close = (records: readonly Uint8Array[]): Uint8Array => (records.length === 1 ? records[0] : packSegment(records))

function check(file: Uint8Array, decoder: Decoder, symbols: readonly Uint8Array[]): number[] {
  const times: number[] = []
  for (const piece of readArchive(file)) {
    if (piece.kind === 'index') continue
    if (piece.kind === 'damage') throw piece.error
    const started = performance.now()
    const decoded = decoder.decode(piece)
    times.push(performance.now() - started)
    if (Buffer.compare(decoded.symbols, symbols[decoded.frame.seq]) !== 0) {
      throw new Error(`frame ${decoded.frame.seq} decodes to other symbols than were encoded`)
    }
  }
  if (times.length !== symbols.length) throw new Error(`${times.length} of ${symbols.length} frames came back`)
  return times
}

const infoOf = ({ width, height }: Material, { tables, tablesHash }: Coding, stride: number, seq: number) => ({
  mode: 0,
  bundle: '0'.repeat(16),
  tables: tablesHash,
  camera: 'bench',
  boot: '0'.repeat(16),
  seq,
  timeUs: 1_767_225_600_000_000 + 100_000 * seq,
  width,
  height,
  channels: tables.freqs.length,
  levels: tables.freqs[0].length,
  stride,
})

/** Bytes of all array buffers that can be reached from an object, and not from another. */
export function bufferBytes(object: unknown, without: unknown = undefined): number {
  const seen = new Set<unknown>()
  const walk = (value: unknown): number => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return 0
    seen.add(value)
    if (value instanceof ArrayBuffer) return value.byteLength
    if (ArrayBuffer.isView(value)) return walk(value.buffer)
    return Object.values(value).reduce((sum: number, part) => sum + walk(part), 0)
  }
  walk(without)
  return walk(object)
}

/** By frame, the least over the rounds: what other processes of the machine took from one is not counted. */
const leastOf = (rounds: readonly number[][]): number[] =>
  rounds[0].map((_, i) => Math.min(...rounds.map((times) => times[i])))

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length

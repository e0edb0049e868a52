/** Our coder on one material: sizes as they would lie in an archive, and times of one core each way. */

import { median } from '../../../agent/stages.js'
import { type Coding, Decoder, Encoder, Packer, type Profile, packSegment, readArchive } from '../../../codec/index.js'
import type { Material } from './material.js'

export interface OwnResult {
  readonly profile: Profile
  /** Payloads alone, and whole files: records and, for the segments of clips, index blocks. */
  readonly payloadBytes: number
  readonly fileBytes: number
  readonly payloadBpp: number
  readonly fileBpp: number
  /** Means over all frames of the faster of two rounds, and the median frame. */
  readonly encodeMs: number
  readonly decodeMs: number
  readonly encodeMedianMs: number
  readonly decodeMedianMs: number
  /** The coder's own buffers, after a frame; the context model, shared by all coders, is counted apart. */
  readonly encoderMb: number
}

const ROUNDS = 2

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
  const before = buffers()
  const encoder = new Encoder(profile, coding, shape)
  encoder.encode(symbols[0], { key: true })
  const encoderMb = (buffers() - before) / 1e6
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
  const best = (rounds: number[][]) => Math.min(...rounds.map(mean))
  return {
    profile,
    payloadBytes,
    fileBytes,
    payloadBpp: (8 * payloadBytes) / pixels,
    fileBpp: (8 * fileBytes) / pixels,
    encodeMs: best(encodeTimes),
    decodeMs: best(decodeTimes),
    encodeMedianMs: median(encodeTimes.flat()),
    decodeMedianMs: median(decodeTimes.flat()),
    encoderMb,
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

/** Node runs with --expose-gc, so that what is gone is not counted. */
export function buffers(): number {
  globalThis.gc?.()
  return process.memoryUsage().arrayBuffers
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length

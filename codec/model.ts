/**
 * The context model's trained beginning: `context.bin` of a bundle, read once and shared by all coders. Layout in FORMAT.md.
 *
 * A counter is one byte there: 0 = hardly seen in training, else 1 + 2 * p + s with p one of 31 probabilities, evenly
 * spaced when stretched, and s how sure. Finer steps were no better. All bytes are entropy-coded: half the file.
 */
import { ByteDecoder } from './bytes.js'
import { crc32 } from './crc32.js'
import { CodecError } from './errors.js'
import { MAX_CHANNELS, MIN_LEVELS } from './info.js'
import { keyWeights, type Linear, predictedWeights, sourcesOf } from './linear.js'
import { SQUASH } from './logistic.js'
import {
  ACTIVITIES,
  COUNTER_BITS,
  firstWeight,
  INPUTS,
  NEW_COUNTER,
  NODES,
  POSITIONS,
  type Predictor,
  SEEN_BITS,
  TABLE_BITS,
} from './predictor.js'
import { MAX_CONTEXT_LEVELS } from './symbol.js'

export type ContextProfile = 'fast' | 'max'

/** What a predictor starts from. */
export interface Beginning {
  readonly counters: Int32Array
  readonly byActivity: Int32Array
  readonly byPosition: Int32Array
}

export interface Beginnings {
  readonly key: Beginning
  readonly predicted: Beginning
}

export interface ContextModel {
  readonly channels: number
  readonly levels: number
  /** By channel, its most frequent symbol. */
  readonly usual: Uint8Array
  readonly isSource: Uint8Array
  readonly linear: readonly Linear[]
  readonly fast: Beginnings
  readonly max: Beginnings
}

const MAGIC = [0xab, 0x42, 0x53, 0x43]
const VERSION = 1
const HEADER_BYTES = 12
const CRC_BYTES = 4

/** s of a counter's byte -> how often seen. */
export const SURE = [2, 6]
/** p of a counter's byte -> stretched probability / this, less 15. */
export const STRETCH_STEP = 132

/** 31 probabilities of 2 are 62 bytes, and the 0. */
const COUNTER_BYTES = 63
const COUNTER_OF = new Int32Array(COUNTER_BYTES)
for (let byte = 0; byte < COUNTER_BYTES; byte++) {
  const p = SQUASH[(((byte - 1) >> 1) - 15) * STRETCH_STEP + 2048] << (COUNTER_BITS - 16)
  COUNTER_OF[byte] = byte === 0 ? NEW_COUNTER : (p << SEEN_BITS) | SURE[(byte - 1) & 1]
}

/** Weights are stored as their difference from the first weight, in 1/8192. */
export const WEIGHT_SHIFT = 3

/** @throws {CodecError} context */
export function readContextModel(bytes: Uint8Array): ContextModel {
  const fail = (what: string): never => {
    throw new CodecError('context', `context model ${what}; take context.bin from the bundle unchanged`)
  }
  if (bytes.length < HEADER_BYTES + CRC_BYTES) fail(`of ${bytes.length} bytes is cut off`)
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) fail('has another magic')
  if (bytes[4] !== VERSION) fail(`is of version ${bytes[4]}, not ${VERSION}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (view.getUint32(8, true) !== bytes.length) fail('is cut off or has bytes left over')
  const end = bytes.length - CRC_BYTES
  if (crc32(bytes, 0, end) !== view.getUint32(end, true)) fail('is damaged, its CRC-32 differs')
  const channels = bytes[5]
  const levels = bytes[6]
  if (channels < 1 || channels > MAX_CHANNELS) fail('has no channels')
  if (levels < MIN_LEVELS || levels > MAX_CONTEXT_LEVELS) {
    fail(`has ${levels} levels, not ${MIN_LEVELS}..${MAX_CONTEXT_LEVELS}`)
  }

  const source = new ByteDecoder(bytes.subarray(HEADER_BYTES, end))
  const usual = new Uint8Array(channels)
  for (let c = 0; c < channels; c++) usual[c] = source.byte()
  if (usual.some((symbol) => symbol >= levels)) fail('names a symbol that is none')
  const isSource = new Uint8Array(channels)
  for (let c = 0; c < channels; c++) isSource[c] = source.byte()
  if (isSource.some((flag) => flag > 1)) fail('has a flag that is neither 0 nor 1')
  const linear = Array.from({ length: channels }, (_, channel) => {
    const sources = sourcesOf(channel, isSource)
    const key = source.shorts(keyWeights(sources.length))
    return { sources, key, predicted: source.shorts(predictedWeights(sources.length)) }
  })
  const keyCounters = readCounters(source, INPUTS.max)
  const beginnings = (inputs: number): Beginnings => {
    // A keyframe asks the same questions in both profiles, so what the counters saw in training is the same.
    const key = { counters: keyCounters.subarray(0, inputs << TABLE_BITS), ...readWeights(source, channels, inputs) }
    const counters = readCounters(source, inputs)
    return { key, predicted: { counters, ...readWeights(source, channels, inputs) } }
  }
  const fast = beginnings(INPUTS.fast)
  const max = beginnings(INPUTS.max)
  if (source.end() !== undefined) fail('does not hold what its channels need')
  return { channels, levels, usual, isSource, linear, fast, max }
}

function readCounters(source: ByteDecoder, inputs: number): Int32Array {
  const counters = new Int32Array(inputs << TABLE_BITS)
  for (let i = 0; i < counters.length; i++) {
    if (i % (1 << TABLE_BITS) === 0) source.section()
    counters[i] = COUNTER_OF[source.byte() % COUNTER_BYTES]
  }
  return counters
}

function readWeights(source: ByteDecoder, channels: number, inputs: number): Omit<Beginning, 'counters'> {
  const weights = (count: number) =>
    source.shorts(count * inputs).map((stored) => firstWeight(inputs) + (stored << WEIGHT_SHIFT))
  const byActivity = weights((channels + 1) * NODES * ACTIVITIES)
  return { byActivity, byPosition: weights(NODES * POSITIONS) }
}

/** Copies where a predictor begins into it; it must have been made for the model's channels and the same profile. */
export function begin(predictor: Predictor, from: Beginning): void {
  predictor.counters.set(from.counters)
  predictor.byActivity.set(from.byActivity)
  predictor.byPosition.set(from.byPosition)
}

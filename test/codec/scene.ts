/** A made-up camera for the tests of the context coder: frames that change a little, a model that has seen some of them. */
import { ContextCoder } from '../../codec/context.js'
import { type Coding, Encoder, type FrameInfo, Packer, type Profile, packSegment } from '../../codec/index.js'
import { keyWeights, predictedWeights, sourcesOf } from '../../codec/linear.js'
import { type Beginning, type ContextModel, readContextModel } from '../../codec/model.js'
import { ACTIVITIES, firstWeight, INPUTS, NEW_COUNTER, NODES, POSITIONS, TABLE_BITS } from '../../codec/predictor.js'
import { packContextModel } from '../../models/context/pack.js'
import { below, info, type Random, seeded, tables } from './samples.js'

const CHANNELS = 3
export const LEVELS = 6
export const SHAPE = { height: info.height / info.stride, width: info.width / info.stride }
export const COUNT = CHANNELS * SHAPE.height * SHAPE.width

/** Frames of slopes with noise, a few symbols of each changed from the one before; channel 2 hardly ever moves. */
export function frames(seed: number, count: number, shape = SHAPE, changes = 0.05): Uint8Array[] {
  const random = seeded(seed)
  const { height, width } = shape
  const frame = new Uint8Array(CHANNELS * height * width)
  for (let c = 0, i = 0; c < CHANNELS; c++) {
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++, i++) frame[i] = slope(random, c, x + y)
  }
  return Array.from({ length: count }, (_, n) => {
    if (n > 0) {
      for (let i = 0; i < (2 * frame.length) / CHANNELS; i++) if (random() < changes) frame[i] = below(random, LEVELS)
    }
    return frame.slice()
  })
}

const slope = (random: Random, channel: number, at: number): number =>
  channel === 2 ? 5 : Math.min(LEVELS - 1, ((at >> 1) + below(random, 2) + channel) % LEVELS)

const empty = (inputs: number): Beginning => ({
  counters: new Int32Array(inputs << TABLE_BITS).fill(NEW_COUNTER),
  byActivity: new Int32Array((CHANNELS + 1) * NODES * ACTIVITIES * inputs).fill(firstWeight(inputs)),
  byPosition: new Int32Array(NODES * POSITIONS * inputs).fill(firstWeight(inputs)),
})

export function untrained(): ContextModel {
  const isSource = Uint8Array.of(1, 1, 0)
  const linear = Array.from({ length: CHANNELS }, (_, c) => {
    const sources = sourcesOf(c, isSource)
    const key = new Int32Array(keyWeights(sources.length))
    key[0] = key[1] = 2048 // the mean of west and north
    const predicted = new Int32Array(predictedWeights(sources.length))
    predicted[4] = 1024
    return { sources, key, predicted }
  })
  const both = (inputs: number) => ({ key: empty(inputs), predicted: empty(inputs) })
  const usual = Uint8Array.of(2, 2, 5)
  return { channels: CHANNELS, levels: LEVELS, usual, isSource, linear, fast: both(INPUTS.fast), max: both(INPUTS.max) }
}

/** The bytes of a model that has coded a few scenes. */
export function trainedFile(): Uint8Array {
  const model = untrained()
  for (const profile of ['max', 'fast'] as const) {
    const coder = new ContextCoder(model, profile, SHAPE.height, SHAPE.width)
    for (let scene = 0; scene < 8; scene++) {
      const shown = frames(100 + scene, 10)
      shown.forEach((frame, i) => {
        coder.encode(frame, i === 0)
        if (i > 0 && i < shown.length - 1) return
        const learnt = model[profile][i === 0 ? 'key' : 'predicted']
        learnt.counters.set(coder.predictor.counters)
        learnt.byActivity.set(coder.predictor.byActivity)
        learnt.byPosition.set(coder.predictor.byPosition)
      })
    }
  }
  return packContextModel(model)
}

export const CONTEXT_HASH = '00112233445566aa'
export const codingWith = (file: Uint8Array): Coding => ({
  tables,
  tablesHash: info.tables,
  model: readContextModel(file),
  contextHash: CONTEXT_HASH,
})

let kept: Coding | undefined
/** Made once in a test file: reading a model takes a tenth of a second. */
export function coding(): Coding {
  kept ??= codingWith(trainedFile())
  return kept
}

export const infoAt = (seq: number, camera = info.camera): FrameInfo => ({
  ...info,
  camera,
  seq,
  timeUs: info.timeUs + 100_000 * seq,
})

/** Records of a camera, a key every `interval` frames; seq counts from `first`. */
export function records(symbols: readonly Uint8Array[], profile: Profile, interval: number, first = 0): Uint8Array[] {
  const encoder = new Encoder(profile, coding(), SHAPE)
  const packer = new Packer(CONTEXT_HASH)
  return symbols.map((frame, i) => packer.pack(infoAt(first + i), encoder.encode(frame, { key: i % interval === 0 })))
}

export function segments(all: readonly Uint8Array[], interval: number): Uint8Array[] {
  const made: Uint8Array[] = []
  for (let i = 0; i < all.length; i += interval) made.push(packSegment(all.slice(i, i + interval)))
  return made
}

export const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

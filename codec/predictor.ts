/**
 * How likely is the next bit? Several opinions, each from a table of adaptive counters under its own context, are mixed by
 * two small sets of weights; all of it learns from every bit. After Matt Mahoney's lpaq.
 *
 * Read me first, the surprises:
 * - A counter is one int32: probability * 2^20 above, how often it was seen (0..LIMIT) in the low 7 bits. It moves by
 *   about 1 / (seen + 1.6) of the error: fast while it is new, slowly later.
 * - Contexts are hashed into the table without a check. Two contexts that share a counter cost bits, never correctness.
 * - The weights are learnt in the domain of stretched probabilities, where mixing is adding. The two sets are chosen by
 *   different things, give an opinion each, learn each from its own error, and are averaged.
 * - Every product fits 32 bits, sums of products wrap as int32 does (`Math.imul`, `| 0`): the same everywhere.
 */
import type { BitCoder } from './binary.js'
import { SQUASH, STRETCH, STRETCH_LIMIT } from './logistic.js'

/** Counters per input. Twice as many gain under 1 %, and cost twice the time of a reset and twice the cache. */
export const TABLE_BITS = 16
const HASH_SHIFT = 32 - TABLE_BITS

/** The profile `max` has all inputs, `fast` the first ones; they share their counters' beginning, not their weights. */
export const MAX_INPUTS = 7
export const FAST_INPUTS = 3

/** Questions that can be asked about a symbol, see symbol.ts. */
export const NODES = 32
/** Values of the two selectors of weights. */
export const ACTIVITIES = 16
export const POSITIONS = 64

export const SEEN_BITS = 7
/** Statistics of a scene drift: a counter remembers about this many bits. */
export const LIMIT = 127
export const COUNTER_BITS = 20
const COUNTER_ONE = 2 ** COUNTER_BITS - 1
export const NEW_COUNTER = 2 ** (COUNTER_BITS - 1 + SEEN_BITS)

/** floor(2048 / (seen + 1.6)): with 20 bits of probability the product stays below 2^31. */
const RATE = new Int32Array(LIMIT + 1)
for (let seen = 0; seen <= LIMIT; seen++) RATE[seen] = Math.floor(20480 / (10 * seen + 16))

/** Weights are in 1/65536. */
export const firstWeight = (inputs: number): number => Math.floor(78643 / inputs)

/** Odd constants with well mixed bits: 2^32 / golden ratio, and one of MurmurHash3's. */
const CONTEXT_FACTOR = 0x9e3779b1
const NODE_FACTOR = 0x85ebca6b

export class Predictor {
  readonly counters: Int32Array
  /** [channel][node][activity][input] and [node][position][input] */
  readonly byActivity: Int32Array
  readonly byPosition: Int32Array
  /** 3 in service; training passes more. */
  learningRate = 3
  private readonly hashed: Int32Array
  private readonly slots: Int32Array
  private readonly opinions: Int32Array
  private activity = 0
  private position = 0

  constructor(
    channels: number,
    readonly inputs: number,
  ) {
    this.counters = new Int32Array(inputs << TABLE_BITS).fill(NEW_COUNTER)
    this.byActivity = new Int32Array(channels * NODES * ACTIVITIES * inputs).fill(firstWeight(inputs))
    this.byPosition = new Int32Array(NODES * POSITIONS * inputs).fill(firstWeight(inputs))
    this.hashed = new Int32Array(inputs)
    this.slots = new Int32Array(inputs)
    this.opinions = new Int32Array(inputs)
  }

  /** Of one input, for the symbol that comes. `context` is below 2^22. */
  context(input: number, channel: number, context: number): void {
    this.hashed[input] = Math.imul((context << 8) | channel, CONTEXT_FACTOR)
  }

  select(channel: number, activity: number, position: number): void {
    this.activity = channel * NODES * ACTIVITIES + activity
    this.position = position
  }

  code(coder: BitCoder, node: number, wanted: number): number {
    const { inputs, counters, byActivity, byPosition, slots, opinions, hashed } = this
    const first = (this.activity + node * ACTIVITIES) * inputs
    const second = (node * POSITIONS + this.position) * inputs
    const salt = Math.imul(node, NODE_FACTOR)
    let sum1 = 0
    let sum2 = 0
    for (let i = 0; i < inputs; i++) {
      const slot = (i << TABLE_BITS) | ((hashed[i] + salt) >>> HASH_SHIFT)
      const opinion = STRETCH[counters[slot] >>> (SEEN_BITS + COUNTER_BITS - 12)]
      slots[i] = slot
      opinions[i] = opinion
      sum1 = (sum1 + Math.imul(byActivity[first + i], opinion)) | 0
      sum2 = (sum2 + Math.imul(byPosition[second + i], opinion)) | 0
    }
    const x1 = clamp(sum1 >> 16)
    const x2 = clamp(sum2 >> 16)
    const bit = coder.bit(SQUASH[((x1 + x2) >> 1) + 2048], wanted)

    const target = bit << 16
    const step1 = Math.imul(target - SQUASH[x1 + 2048], this.learningRate)
    const step2 = Math.imul(target - SQUASH[x2 + 2048], this.learningRate)
    const end = bit === 1 ? COUNTER_ONE : 0
    for (let i = 0; i < inputs; i++) {
      const opinion = opinions[i]
      byActivity[first + i] += (Math.imul(opinion, step1) + 0x20000) >> 18
      byPosition[second + i] += (Math.imul(opinion, step2) + 0x20000) >> 18
      const counter = counters[slots[i]]
      const seen = counter & LIMIT
      const p = counter >> SEEN_BITS
      counters[slots[i]] =
        ((p + (Math.imul(end - p, RATE[seen]) >> 11)) << SEEN_BITS) | (seen < LIMIT ? seen + 1 : LIMIT)
    }
    return bit
  }
}

const clamp = (x: number): number => (x < -STRETCH_LIMIT ? -STRETCH_LIMIT : x > STRETCH_LIMIT ? STRETCH_LIMIT : x)

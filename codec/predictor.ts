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

/** Contexts, tables and weights per question: `fast` has the first of those of `max`. */
export const INPUTS = { fast: 3, max: 7 } as const
export const FAST_INPUTS = INPUTS.fast

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

/** From a counter to its upper 12 bits. */
const STRETCH_SHIFT = SEEN_BITS + COUNTER_BITS - 12

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
  /** As high as the products allow: a scene differs from the training data, and from itself an hour ago. */
  learningRate = 14
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
    return this.inputs === FAST_INPUTS ? this.codeThree(coder, node, wanted) : this.codeAll(coder, node, wanted)
  }

  /** The slow obvious form. */
  private codeAll(coder: BitCoder, node: number, wanted: number): number {
    const { inputs, counters, byActivity, byPosition, slots, opinions, hashed } = this
    const first = (this.activity + node * ACTIVITIES) * inputs
    const second = (node * POSITIONS + this.position) * inputs
    const salt = Math.imul(node, NODE_FACTOR)
    let sum1 = 0
    let sum2 = 0
    for (let i = 0; i < inputs; i++) {
      const slot = (i << TABLE_BITS) | ((hashed[i] + salt) >>> HASH_SHIFT)
      const opinion = STRETCH[counters[slot] >>> STRETCH_SHIFT]
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
    for (let i = 0; i < inputs; i++) {
      const opinion = opinions[i]
      byActivity[first + i] += (Math.imul(opinion, step1) + 0x20000) >> 18
      byPosition[second + i] += (Math.imul(opinion, step2) + 0x20000) >> 18
      counters[slots[i]] = learnt(counters[slots[i]], bit)
    }
    return bit
  }

  /** The same for three inputs, written out: half the time. */
  private codeThree(coder: BitCoder, node: number, wanted: number): number {
    const { counters, byActivity, byPosition, hashed } = this
    const first = (this.activity + node * ACTIVITIES) * 3
    const second = (node * POSITIONS + this.position) * 3
    const salt = Math.imul(node, NODE_FACTOR)
    const slotA = (hashed[0] + salt) >>> HASH_SHIFT
    const slotB = (1 << TABLE_BITS) | ((hashed[1] + salt) >>> HASH_SHIFT)
    const slotC = (2 << TABLE_BITS) | ((hashed[2] + salt) >>> HASH_SHIFT)
    const a = STRETCH[counters[slotA] >>> STRETCH_SHIFT]
    const b = STRETCH[counters[slotB] >>> STRETCH_SHIFT]
    const c = STRETCH[counters[slotC] >>> STRETCH_SHIFT]
    const x1 = clamp(
      (Math.imul(byActivity[first], a) + Math.imul(byActivity[first + 1], b) + Math.imul(byActivity[first + 2], c)) >>
        16,
    )
    const x2 = clamp(
      (Math.imul(byPosition[second], a) +
        Math.imul(byPosition[second + 1], b) +
        Math.imul(byPosition[second + 2], c)) >>
        16,
    )
    const bit = coder.bit(SQUASH[((x1 + x2) >> 1) + 2048], wanted)

    const target = bit << 16
    const step1 = Math.imul(target - SQUASH[x1 + 2048], this.learningRate)
    const step2 = Math.imul(target - SQUASH[x2 + 2048], this.learningRate)
    byActivity[first] += (Math.imul(a, step1) + 0x20000) >> 18
    byActivity[first + 1] += (Math.imul(b, step1) + 0x20000) >> 18
    byActivity[first + 2] += (Math.imul(c, step1) + 0x20000) >> 18
    byPosition[second] += (Math.imul(a, step2) + 0x20000) >> 18
    byPosition[second + 1] += (Math.imul(b, step2) + 0x20000) >> 18
    byPosition[second + 2] += (Math.imul(c, step2) + 0x20000) >> 18
    counters[slotA] = learnt(counters[slotA], bit)
    counters[slotB] = learnt(counters[slotB], bit)
    counters[slotC] = learnt(counters[slotC], bit)
    return bit
  }
}

/** A counter after one more bit. */
function learnt(counter: number, bit: number): number {
  const seen = counter & LIMIT
  const p = counter >> SEEN_BITS
  const moved = p + (Math.imul((bit === 1 ? COUNTER_ONE : 0) - p, RATE[seen]) >> 11)
  return (moved << SEEN_BITS) | (seen < LIMIT ? seen + 1 : LIMIT)
}

const clamp = (x: number): number => (x < -STRETCH_LIMIT ? -STRETCH_LIMIT : x > STRETCH_LIMIT ? STRETCH_LIMIT : x)

/** Seeded symbols, tables and records for the tests: the same on every machine and in every run. */
import { type FrameInfo, packFrame, StaticCoder, type StaticTables } from '../../codec/index.js'

export type Random = () => number

/** Uniform in [0, 1): a 32-bit linear congruential generator, its high bits good enough for test data. */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

export const below = (random: Random, limit: number): number => Math.floor(random() * limit)

/** A row summing to 2^scaleBits, each entry >= 1, proportional to the weights; the rest goes to the heaviest. */
export function row(scaleBits: number, weights: readonly number[]): number[] {
  const total = 2 ** scaleBits
  const sum = weights.reduce((a, b) => a + b, 0)
  const freqs = weights.map((weight) => 1 + Math.floor((weight / sum) * (total - weights.length)))
  freqs[freqs.indexOf(Math.max(...freqs))] += total - freqs.reduce((a, b) => a + b, 0)
  return freqs
}

/** Peaked like a trained latent: `peak` large is skewed, 0 is uniform. */
export function peaked(channels: number, levels: number, scaleBits: number, peak: number): StaticTables {
  const rows = Array.from({ length: channels }, (_, c) => {
    const centre = (levels >> 1) - (c % 2)
    const width = peak * (1.3 - (0.6 * c) / channels)
    const weights = Array.from({ length: levels }, (_, s) => Math.exp(-Math.abs(s - centre) * width))
    return row(scaleBits, weights)
  })
  return { scaleBits, freqs: rows }
}

/** One symbol takes all slots but one each of the others. */
export function degenerate(channels: number, levels: number, scaleBits: number): StaticTables {
  const rows = Array.from({ length: channels }, (_, c) => {
    const freqs = new Array<number>(levels).fill(1)
    freqs[c % levels] = 2 ** scaleBits - levels + 1
    return freqs
  })
  return { scaleBits, freqs: rows }
}

/** Symbols distributed as the tables say. */
export function draw(tables: StaticTables, plane: number, random: Random): Uint8Array {
  const symbols = new Uint8Array(tables.freqs.length * plane)
  tables.freqs.forEach((freqs, c) => {
    for (let i = 0; i < plane; i++) {
      let slot = below(random, 2 ** tables.scaleBits)
      let symbol = 0
      while (slot >= freqs[symbol]) slot -= freqs[symbol++]
      symbols[c * plane + i] = symbol
    }
  })
  return symbols
}

export const info: FrameInfo = {
  mode: 0,
  bundle: '0123456789abcdef',
  tables: 'fedcba9876543210',
  camera: 'gate-2_n',
  boot: '00ff00ff00ff00ff',
  seq: 4_000_000_000,
  timeUs: 1_767_225_600_123_456,
  width: 64,
  height: 48,
  channels: 3,
  levels: 6,
  stride: 8,
}

export const tables = peaked(3, 6, 12, 1.5)

/** A whole record of `info` with its tables, symbols and coder. */
export function sample(seed = 1) {
  const coder = new StaticCoder(tables)
  const symbols = draw(tables, 48, seeded(seed))
  const payload = coder.encode(symbols)
  return { coder, symbols, payload, record: packFrame(info, payload) }
}

/** For t.ok: t.same prints both sides even when they are equal, which takes longer than the coder does. */
export const sameBytes = (a: Uint8Array | undefined, b: Uint8Array): boolean => !!a && Buffer.compare(a, b) === 0

/**
 * The code of the CodecError that `act` throws; anything else it throws is passed on, so the test fails with it. Stack
 * traces, of which hundreds of thousands of refusals would have one each, are left to what is passed on.
 */
export function codeOf(act: () => unknown): string {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    act()
  } catch (error) {
    if (error instanceof Error && error.name === 'CodecError') return (error as Error & { code: string }).code
    Error.stackTraceLimit = stackTraceLimit
    act()
    throw error
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
  return 'none'
}

/** Coding mode 0: one static table per channel, from the bundle's entropy.json. Integers in, nothing is normalised here. */
import { CodecError } from './errors.js'
import { MAX_CHANNELS, MAX_LEVELS, MAX_SYMBOLS, MIN_LEVELS } from './info.js'
import {
  buildTable,
  MAX_BYTES_PER_SYMBOL,
  MAX_SCALE_BITS,
  MIN_SCALE_BITS,
  type RansFault,
  type RansTable,
  ransDecode,
  ransEncode,
  STATE_BYTES,
} from './rans.js'

export interface StaticTables {
  readonly scaleBits: number
  /** [channel][level], every entry >= 1, each row summing to 2^scaleBits. */
  readonly freqs: readonly (readonly number[])[]
}

const faults: Record<RansFault, string> = {
  short: 'ends before its last symbol',
  long: 'has bytes left after its last symbol',
  state: 'does not start or end in a state that an encoder makes',
}

/** Not re-entrant across threads, like any object; `encode` keeps its scratch buffer from call to call. */
export class StaticCoder {
  readonly channels: number
  readonly levels: number
  private readonly tables: readonly RansTable[]
  private scratch = new Uint8Array(0)

  constructor(tables: StaticTables) {
    checkTables(tables)
    this.channels = tables.freqs.length
    this.levels = tables.freqs[0].length
    this.tables = tables.freqs.map((row) => buildTable(tables.scaleBits, row))
  }

  /** `symbols`: channel-major [C, h, w], each below `levels`. */
  encode(symbols: Uint8Array): Uint8Array {
    this.checkCount(symbols.length)
    const need = symbols.length * MAX_BYTES_PER_SYMBOL + STATE_BYTES
    if (this.scratch.length < need) this.scratch = new Uint8Array(need)
    const start = ransEncode(symbols, this.tables, this.scratch)
    if (start < 0) throw this.notASymbol(symbols, -1 - start)
    return this.scratch.slice(start)
  }

  /** `count`: C * h * w. The result is what the encoder was given, or a CodecError. */
  decode(payload: Uint8Array, count: number): Uint8Array {
    this.checkCount(count)
    const symbols = new Uint8Array(count)
    const fault = ransDecode(payload, this.tables, symbols)
    if (fault === undefined) return symbols
    throw new CodecError(
      'payload',
      `payload of ${payload.length} bytes ${faults[fault]} (${count} symbols); use the tables that the record's table hash names, and its own size`,
    )
  }

  /** What an ideal coder with these tables would need. A float, for reports only: no coded bit depends on it. */
  crossEntropyBits(symbols: Uint8Array): number {
    this.checkCount(symbols.length)
    const plane = symbols.length / this.channels
    let bits = 0
    this.tables.forEach(({ freq, scaleBits }, channel) => {
      const seen = new Uint32Array(256)
      for (let i = channel * plane; i < (channel + 1) * plane; i++) {
        if (symbols[i] >= this.levels) throw this.notASymbol(symbols, i)
        seen[symbols[i]]++
      }
      for (let s = 0; s < this.levels; s++) bits += seen[s] * (scaleBits - Math.log2(freq[s]))
    })
    return bits
  }

  private checkCount(count: number): void {
    if (Number.isInteger(count) && count > 0 && count <= MAX_SYMBOLS && count % this.channels === 0) return
    throw new CodecError(
      'argument',
      `${count} symbols cannot be coded: pass C * h * w of them, a multiple of ${this.channels} channels in 1..${MAX_SYMBOLS}`,
    )
  }

  private notASymbol(symbols: Uint8Array, index: number): CodecError {
    const what = `symbol ${symbols[index]} at index ${index}`
    return new CodecError('argument', `${what} is not below ${this.levels} levels: quantise with the tables' bundle`)
  }
}

function checkTables({ scaleBits, freqs }: StaticTables): void {
  const fail = (what: string): never => {
    throw new CodecError('tables', `${what}; take the tables from the bundle's entropy.json unchanged`)
  }
  if (!Number.isInteger(scaleBits) || scaleBits < MIN_SCALE_BITS || scaleBits > MAX_SCALE_BITS) {
    fail(`scaleBits ${scaleBits} is not ${MIN_SCALE_BITS}..${MAX_SCALE_BITS}`)
  }
  if (!Array.isArray(freqs) || freqs.length < 1 || freqs.length > MAX_CHANNELS) {
    fail(`freqs does not have 1..${MAX_CHANNELS} rows, one per channel`)
  }
  const levels = freqs[0]?.length
  freqs.forEach((row, channel) => {
    if (!Array.isArray(row) || row.length !== levels || levels < MIN_LEVELS || levels > MAX_LEVELS) {
      fail(`row ${channel} does not have ${MIN_LEVELS}..${MAX_LEVELS} entries, as many as row 0`)
    }
    let sum = 0
    for (const [level, f] of row.entries()) {
      if (!Number.isInteger(f) || f < 1)
        fail(`frequency ${f} of channel ${channel}, level ${level} is not an integer >= 1`)
      sum += f
    }
    if (sum !== 2 ** scaleBits) fail(`row ${channel} sums to ${sum}, not 2^${scaleBits}`)
  })
}

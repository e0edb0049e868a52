/**
 * The entropy coder: one rANS state of 31 bits on plain JavaScript numbers, after Fabian Giesen's rans_byte.h.
 *
 * Read me first, the surprises:
 * - rANS is a stack. The encoder walks the symbols from last to first and writes its bytes from last to first, so that
 *   the decoder does everything forwards. Hence the scratch buffer that fills from its end.
 * - The state is the code. Coding a symbol of probability f / 2^scaleBits multiplies it by about 2^scaleBits / f; its low
 *   bytes are moved out when it would not fit. What remains in the end is written as the first four bytes.
 * - Encoder and decoder are exact inverses, step by step. A decoder that does not end at START with every byte used did
 *   not read what an encoder wrote: an integrity check for free. And each symbol string has exactly one accepted code.
 * - Integers only: every value is below 2^31, so | 0, >>> and Math.imul are exact on every machine.
 *
 * The slow obvious form (BigInt, textbook formulas, no tables) is in test/codec/rans.test.ts and gives the same bits.
 */

/**
 * The state lives in [2^23, 2^31). 2^31, because V8 keeps numbers below it in an integer register and int32 division and
 * shifts need no correction for a sign. 2^23, because bytes are moved: the interval is one byte wide (2^31 / 2^8).
 * scaleBits <= 16 leaves at least 2^7 states per slot: rounding costs less than 1e-5 of the size, also at 16 bits.
 */
export const START = 2 ** 23

/** Fewer than 8 scale bits cannot hold 255 levels; more than 16 would let a symbol move more than two bytes. */
export const MIN_SCALE_BITS = 8
export const MAX_SCALE_BITS = 16

/** The final state, little endian. */
export const STATE_BYTES = 4

/** With scaleBits <= 16 a symbol moves at most two bytes out of the state. */
export const MAX_BYTES_PER_SYMBOL = 2

export interface RansTable {
  readonly scaleBits: number
  /** By symbol. 256 entries each, so that any byte can be looked up without a bounds check. */
  readonly freq: Int32Array
  readonly start: Int32Array
  /** A state at or above its symbol's limit must give up a byte first. 0, hence always, for bytes that are no symbol. */
  readonly limit: Int32Array
  /** By slot, the low scaleBits of the state. */
  readonly symbolOf: Uint8Array
}

/** `freqs`: one per symbol, each >= 1, summing to 2^scaleBits (checked by the caller). */
export function buildTable(scaleBits: number, freqs: readonly number[]): RansTable {
  const freq = new Int32Array(256)
  const start = new Int32Array(256)
  const limit = new Int32Array(256)
  const symbolOf = new Uint8Array(2 ** scaleBits)
  let at = 0
  for (let symbol = 0; symbol < freqs.length; symbol++) {
    freq[symbol] = freqs[symbol]
    start[symbol] = at
    // Below f * 2^(31 - scaleBits) the next state, floor(x / f) * 2^scaleBits + ..., stays below 2^31. Fits an int32,
    // because f < 2^scaleBits: there are at least two symbols.
    limit[symbol] = 2 ** (31 - scaleBits) * freqs[symbol]
    symbolOf.fill(symbol, at, at + freqs[symbol])
    at += freqs[symbol]
  }
  return { scaleBits, freq, start, limit, symbolOf }
}

/**
 * Codes `symbols`, split evenly among `tables` (one plane each), into the end of `out`; the code is out[result, length).
 * `out` must hold MAX_BYTES_PER_SYMBOL per symbol + STATE_BYTES. A symbol without frequency gives -1 - its index.
 *
 * One state is enough: the loop does about 200 M symbols/s. A second one gained a tenth here (and half at decoding) and
 * cost 4 bytes in every frame, of which a quiet scene has a few hundred. Division beats a reciprocal in float64, whose
 * conversions cost more than they save.
 */
export function ransEncode(symbols: Uint8Array, tables: readonly RansTable[], out: Uint8Array): number {
  const plane = symbols.length / tables.length
  let x = START
  let pos = out.length
  for (let channel = tables.length - 1; channel >= 0; channel--) {
    const { freq, start, limit, scaleBits } = tables[channel]
    const total = 1 << scaleBits
    const first = channel * plane
    for (let i = first + plane - 1; i >= first; i--) {
      const symbol = symbols[i]
      const most = limit[symbol]
      while (x >= most) {
        if (most === 0) return -1 - i
        out[--pos] = x
        x >>>= 8
      }
      // floor(x / f) * total + x % f + start, with x % f written out as x - floor(x / f) * f.
      const f = freq[symbol]
      x = (x + start[symbol] + Math.imul((x / f) | 0, total - f)) | 0
    }
  }
  out[--pos] = x >>> 24
  out[--pos] = x >>> 16
  out[--pos] = x >>> 8
  out[--pos] = x
  return pos
}

/** Why a payload was refused: bytes ran out at a symbol, bytes were left, or the state is not one an encoder makes. */
export type RansFault = 'short' | 'long' | 'state'

/** Fills `symbols`, split evenly among `tables`. On a fault the content of `symbols` means nothing. */
export function ransDecode(code: Uint8Array, tables: readonly RansTable[], symbols: Uint8Array): RansFault | undefined {
  const plane = symbols.length / tables.length
  const end = code.length
  if (end < STATE_BYTES) return 'short'
  let pos = STATE_BYTES
  let x = code[0] | (code[1] << 8) | (code[2] << 16) | (code[3] << 24)
  if (x < START) return 'state' // 2^31 and above are negative here
  for (let channel = 0; channel < tables.length; channel++) {
    const { freq, start, symbolOf, scaleBits } = tables[channel]
    const mask = (1 << scaleBits) - 1
    const last = (channel + 1) * plane
    for (let i = channel * plane; i < last; i++) {
      const slot = x & mask
      const symbol = symbolOf[slot]
      symbols[i] = symbol
      x = (Math.imul(freq[symbol], x >>> scaleBits) + slot - start[symbol]) | 0
      // x is at least 2^(23 - 16), so two bytes always bring it back.
      while (x < START) {
        if (pos === end) return 'short'
        x = (x << 8) | code[pos++]
      }
    }
  }
  if (pos !== end) return 'long'
  return x === START ? undefined : 'state'
}

/**
 * Bits under a probability each: the rANS state of rans.ts with a table of two symbols that changes at every step.
 *
 * Read me first, the surprises:
 * - One class goes both ways: `bit(p, wanted)` codes `wanted` when encoding and ignores it when decoding; it returns the
 *   bit that was coded. A model written against it is its own inverse, so encoder and decoder cannot drift apart.
 * - rANS is a stack, but an adaptive model runs forwards. The encoder therefore logs (probability, bit) and codes the log
 *   backwards in `finish`.
 * - A decoder that runs out of bytes goes on with zeros, and so does as much work as for a good payload, no more; `end`
 *   then reports it. What was decoded means nothing until `end` has returned undefined.
 */
import { MAX_BYTES_PER_SYMBOL, type RansFault, START, STATE_BYTES } from './rans.js'

/** Probabilities are of the bit being 1, in 1/65536, 1..65535. */
const SCALE_BITS = 16
const ONE = 1 << SCALE_BITS

const nothing = new Uint8Array(0)

export class BitCoder {
  decoding = false
  private log = new Int32Array(1 << 12)
  private count = 0
  private code: Uint8Array = nothing
  private pos = 0
  private x = START
  private scratch = nothing

  startEncoding(): void {
    this.decoding = false
    this.count = 0
  }

  startDecoding(code: Uint8Array): RansFault | undefined {
    if (code.length < STATE_BYTES) return 'short'
    this.decoding = true
    this.code = code
    this.pos = STATE_BYTES
    this.x = code[0] | (code[1] << 8) | (code[2] << 16) | (code[3] << 24)
    return this.x < START ? 'state' : undefined // 2^31 and above are negative here
  }

  bit(p: number, wanted: number): number {
    if (!this.decoding) {
      if (this.count === this.log.length) this.grow()
      this.log[this.count++] = (wanted << SCALE_BITS) | p
      return wanted
    }
    let x = this.x
    const slot = x & (ONE - 1)
    const bit = slot < p ? 1 : 0
    x = bit ? Math.imul(p, x >>> SCALE_BITS) + slot : Math.imul(ONE - p, x >>> SCALE_BITS) + slot - p
    while (x < START) {
      x = (x << 8) | (this.pos < this.code.length ? this.code[this.pos] : 0)
      this.pos++
    }
    this.x = x
    return bit
  }

  /** While decoding: bits of information read so far, give or take what the state holds. For reports only, since it is no integer. */
  spent(): number {
    return 8 * this.pos - Math.log2(this.x)
  }

  /** The code of all bits since `startEncoding`: a copy. */
  finish(): Uint8Array {
    const { log, count } = this
    const need = count * MAX_BYTES_PER_SYMBOL + STATE_BYTES
    if (this.scratch.length < need) this.scratch = new Uint8Array(need + (need >> 1))
    const out = this.scratch
    let pos = out.length
    let x = START
    for (let i = count - 1; i >= 0; i--) {
      const p = log[i] & (ONE - 1)
      const bit = log[i] >> SCALE_BITS
      const f = bit ? p : ONE - p
      // Below f * 2^15 the next state stays below 2^31; a shift, since that product need not fit 31 bits.
      while (x >>> (31 - SCALE_BITS) >= f) {
        out[--pos] = x
        x >>>= 8
      }
      const quotient = (x / f) | 0
      x = (quotient << SCALE_BITS) + (x - Math.imul(quotient, f)) + (bit ? 0 : p)
    }
    out[--pos] = x >>> 24
    out[--pos] = x >>> 16
    out[--pos] = x >>> 8
    out[--pos] = x
    return out.slice(pos)
  }

  /** After the last bit was decoded: every byte used, and the state back at its start. */
  end(): RansFault | undefined {
    const { pos, code, x } = this
    this.code = nothing
    if (pos > code.length) return 'short'
    if (pos < code.length) return 'long'
    return x === START ? undefined : 'state'
  }

  private grow(): void {
    const log = new Int32Array(this.log.length * 2)
    log.set(this.log)
    this.log = log
  }
}

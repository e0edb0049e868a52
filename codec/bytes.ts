/**
 * Bytes of the context model's file through the BitCoder: each is eight questions, highest bit first, each with an adaptive
 * probability of its own for every answer to the ones before. `section` begins new statistics.
 */
import { BitCoder } from './binary.js'
import type { RansFault } from './rans.js'

/** A probability moves by 1/32 of its error and stays this far from certain. */
const RATE = 5
const LEAST = 64

class Bytes {
  protected readonly bits = new BitCoder()
  private readonly tree = new Int32Array(256)

  section(): void {
    this.tree.fill(0x8000)
  }

  protected code(wanted: number): number {
    let node = 1
    for (let shift = 7; shift >= 0; shift--) {
      const state = this.tree[node]
      const p = state < LEAST ? LEAST : state > 65536 - LEAST ? 65536 - LEAST : state
      const bit = this.bits.bit(p, (wanted >> shift) & 1)
      this.tree[node] = state + (((bit << 16) - state) >> RATE)
      node = 2 * node + bit
    }
    return node - 256
  }
}

export class ByteDecoder extends Bytes {
  private readonly fault: RansFault | undefined

  constructor(code: Uint8Array) {
    super()
    this.fault = this.bits.startDecoding(code)
    this.section()
  }

  byte(): number {
    return this.code(0)
  }

  /** Signed, 16 bits, low byte first: a section of low bytes, then one of high bytes. */
  shorts(count: number): Int32Array {
    const values = new Int32Array(count)
    this.section()
    for (let i = 0; i < count; i++) values[i] = this.byte()
    this.section()
    for (let i = 0; i < count; i++) values[i] = ((values[i] | (this.byte() << 8)) << 16) >> 16
    return values
  }

  end(): RansFault | undefined {
    return this.fault ?? this.bits.end()
  }
}

export class ByteEncoder extends Bytes {
  constructor() {
    super()
    this.bits.startEncoding()
    this.section()
  }

  byte(value: number): void {
    this.code(value & 255)
  }

  shorts(values: ArrayLike<number>): void {
    for (const shift of [0, 8]) {
      this.section()
      for (let i = 0; i < values.length; i++) this.byte(values[i] >> shift)
    }
  }

  finish(): Uint8Array {
    return this.bits.finish()
  }
}

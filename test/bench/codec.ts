/** Symbols per second through the entropy coder on this thread, the record around it left out. */
import { StaticCoder } from '../../codec/index.js'
import { draw, peaked, seeded } from '../codec/samples.js'

const SECONDS = 1.5
const PLANE = 56 * 32
const CHANNELS = 16

export function benchCodec(): {
  symbols_per_s_encode: number
  symbols_per_s_decode: number
  size_over_entropy: number
} {
  const tables = peaked(CHANNELS, 6, 12, 1.85) // about 1.3 bit a symbol
  const coder = new StaticCoder(tables)
  const symbols = draw(tables, PLANE, seeded(1))
  const payload = coder.encode(symbols)
  return {
    symbols_per_s_encode: rate(symbols.length, () => coder.encode(symbols)),
    symbols_per_s_decode: rate(symbols.length, () => coder.decode(payload, symbols.length)),
    size_over_entropy: payload.length / (coder.crossEntropyBits(symbols) / 8),
  }
}

/** Mean over SECONDS, after a tenth of it to warm up. */
function rate(symbols: number, act: () => unknown): number {
  const run = (seconds: number): number => {
    const begin = performance.now()
    let calls = 0
    let elapsed = 0
    do {
      act()
      calls++
      elapsed = (performance.now() - begin) / 1000
    } while (elapsed < seconds)
    return (calls * symbols) / elapsed
  }
  run(SECONDS / 10)
  return run(SECONDS)
}

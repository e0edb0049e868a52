/**
 * rANS the slow, obvious way: BigInt, the textbook's coding function, no tables, no tricks. The fast form must give the
 * same bits. `freqsOf(i)` is the row of symbol i.
 */
const LOW = 2n ** 23n
const HIGH = 2n ** 31n

interface Model {
  readonly scaleBits: number
  readonly freqsOf: (index: number) => readonly number[]
}

/** C(s, x): the state after coding s. */
function push(x: bigint, symbol: number, freqs: readonly number[], total: bigint): bigint {
  const f = BigInt(freqs[symbol])
  const start = BigInt(freqs.slice(0, symbol).reduce((a, b) => a + b, 0))
  return (x / f) * total + start + (x % f)
}

export function referenceEncode(symbols: Uint8Array, { scaleBits, freqsOf }: Model): Uint8Array {
  const total = 2n ** BigInt(scaleBits)
  const reversed: number[] = []
  let x = LOW
  for (let i = symbols.length - 1; i >= 0; i--) {
    // As the textbook has it: move bytes out until the next state stays inside the interval.
    while (push(x, symbols[i], freqsOf(i), total) >= HIGH) {
      reversed.push(Number(x % 256n))
      x /= 256n
    }
    x = push(x, symbols[i], freqsOf(i), total)
  }
  for (const shift of [24n, 16n, 8n, 0n]) reversed.push(Number((x >> shift) % 256n))
  return Uint8Array.from(reversed.reverse())
}

/** Undefined where the code is not one that the encoder makes. */
export function referenceDecode(
  code: Uint8Array,
  count: number,
  { scaleBits, freqsOf }: Model,
): Uint8Array | undefined {
  const total = 2n ** BigInt(scaleBits)
  const bytes = [...code].map(BigInt)
  if (bytes.length < 4) return undefined
  let x = bytes[0] + 256n * (bytes[1] + 256n * (bytes[2] + 256n * bytes[3]))
  if (x < LOW || x >= HIGH) return undefined
  let next = 4
  const symbols: number[] = []
  for (let i = 0; i < count; i++) {
    const freqs = freqsOf(i)
    const slot = x % total
    let symbol = 0
    let start = 0n
    while (slot >= start + BigInt(freqs[symbol])) start += BigInt(freqs[symbol++])
    symbols.push(symbol)
    x = BigInt(freqs[symbol]) * (x / total) + slot - start
    while (x < LOW) {
      if (next === bytes.length) return undefined
      x = x * 256n + bytes[next++]
    }
  }
  return next === bytes.length && x === LOW ? Uint8Array.from(symbols) : undefined
}

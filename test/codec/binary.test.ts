import t from 'tap'
import { BitCoder } from '../../codec/binary.js'
import { below, seeded } from './samples.js'

function drawn(count: number): { p: number[]; bits: number[]; ideal: number } {
  const random = seeded(3)
  const p: number[] = []
  const bits: number[] = []
  let ideal = 0
  for (let i = 0; i < count; i++) {
    p.push(i % 7 === 0 ? [1, 65535, 2, 32768][below(random, 4)] : 1 + below(random, 65535))
    bits.push(random() * 65536 < p[i] ? 1 : 0)
    ideal -= Math.log2((bits[i] ? p[i] : 65536 - p[i]) / 65536)
  }
  return { p, bits, ideal }
}

const encode = ({ p, bits }: { p: number[]; bits: number[] }): Uint8Array => {
  const coder = new BitCoder()
  coder.startEncoding()
  bits.forEach((bit, i) => {
    t.equal(coder.bit(p[i], bit), bit)
  })
  return coder.finish()
}

t.test('bits come back, at the size that their probabilities say', async (t) => {
  const made = drawn(20_000)
  const code = encode(made)
  t.ok(code.length <= made.ideal / 8 + 8, `${code.length} bytes for ${made.ideal / 8}`)
  const coder = new BitCoder()
  t.equal(coder.startDecoding(code), undefined)
  t.same(
    made.p.map((p) => coder.bit(p, 0)),
    made.bits,
  )
  t.equal(coder.end(), undefined)
})

t.test('the textbook form with big integers gives the same code', async (t) => {
  const made = drawn(500)
  let x = 2n ** 23n
  const bytes: number[] = []
  for (let i = 499; i >= 0; i--) {
    const p = BigInt(made.p[i])
    const f = made.bits[i] ? p : 65536n - p
    while (x >= f * 2n ** 15n) {
      bytes.unshift(Number(x % 256n))
      x /= 256n
    }
    x = (x / f) * 65536n + (x % f) + (made.bits[i] ? 0n : p)
  }
  for (let shift = 24n; shift >= 0n; shift -= 8n) bytes.unshift(Number((x >> shift) & 255n))
  t.same([...encode(made)], bytes)
})

t.test('what an encoder did not write is found at the end', async (t) => {
  const made = drawn(1000)
  const code = encode(made)
  const fault = (bytes: Uint8Array) => {
    const coder = new BitCoder()
    const early = coder.startDecoding(bytes)
    if (early) return early
    for (const p of made.p) coder.bit(p, 0)
    return coder.end()
  }
  t.equal(fault(code), undefined)
  t.equal(fault(code.subarray(0, 3)), 'short')
  t.equal(fault(Uint8Array.of(0, 0, 0, 0)), 'state')
  t.equal(fault(Uint8Array.of(255, 255, 255, 255)), 'state')
  for (let cut = 4; cut < code.length; cut++) if (fault(code.subarray(0, cut)) === undefined) t.fail(`cut at ${cut}`)
  t.equal(fault(Uint8Array.of(...code, 0)), 'long')
})

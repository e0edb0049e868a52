import t from 'tap'
import { StaticCoder, type StaticTables } from '../../codec/index.js'
import { referenceDecode, referenceEncode } from './reference.js'
import { below, codeOf, degenerate, draw, peaked, row, sameBytes, seeded } from './samples.js'
import { STEP } from './step.js'

const cases: [string, StaticTables][] = [
  ['skewed, 12 bits', peaked(4, 6, 12, 1.5)],
  ['uniform, 8 bits', peaked(3, 255, 8, 0)],
  ['uniform, 16 bits', peaked(2, 255, 16, 0)],
  ['skewed, 16 bits', peaked(5, 9, 16, 3)],
  ['two levels, 8 bits', peaked(2, 2, 8, 1)],
  ['one symbol takes nearly all, 8 bits', degenerate(3, 2, 8)],
  ['one symbol takes nearly all, 12 bits', degenerate(3, 6, 12)],
  ['one symbol takes nearly all, 16 bits', degenerate(2, 4, 16)],
  ['powers of two', { scaleBits: 12, freqs: [[2048, 1024, 512, 512]] }],
]

const model = ({ scaleBits, freqs }: StaticTables, plane: number) => ({
  scaleBits,
  freqsOf: (i: number) => freqs[Math.floor(i / plane)],
})

for (const [name, tables] of cases) {
  t.test(`bit for bit the BigInt reference: ${name}`, async (t) => {
    const random = seeded(name.length)
    const coder = new StaticCoder(tables)
    for (const plane of [1, 2, 7, 150]) {
      const slow = model(tables, plane)
      const likely = draw(tables, plane, random)
      const any = likely.map(() => below(random, coder.levels))
      const rarest = likely.map((_, i) => {
        const freqs = slow.freqsOf(i)
        return freqs.indexOf(Math.min(...freqs))
      })
      for (const symbols of [likely, any, rarest]) {
        const code = coder.encode(symbols)
        t.ok(sameBytes(code, referenceEncode(symbols, slow)))
        t.ok(sameBytes(coder.decode(code, symbols.length), symbols))
        t.ok(sameBytes(referenceDecode(code, symbols.length, slow), symbols))
      }
    }
  })
}

t.test('random tables and bytes: the same symbols or the same refusal as the reference', async (t) => {
  const random = seeded(99)
  let accepted = 0
  let wrong = 0
  for (let round = 0; round < 300; round++) {
    const channels = 1 + below(random, 3)
    const levels = 2 + below(random, 12)
    const scaleBits = 8 + below(random, 9)
    const freqs = Array.from({ length: channels }, () =>
      row(
        scaleBits,
        Array.from({ length: levels }, () => random() ** 4 + 1e-6),
      ),
    )
    const tables = { scaleBits, freqs }
    const coder = new StaticCoder(tables)
    const plane = 1 + below(random, 12)
    const slow = model(tables, plane)
    const code = coder.encode(draw(tables, plane, random))
    if (round % 3 > 0) code[below(random, code.length)] ^= 1 << below(random, 8)
    const cut = round % 5 === 4 ? code.subarray(0, below(random, code.length)) : code
    const expected = referenceDecode(cut, channels * plane, slow)
    let symbols: Uint8Array | undefined
    const refused = codeOf(() => {
      symbols = coder.decode(cut, channels * plane)
    })
    if (expected === undefined ? refused !== 'payload' : !symbols?.every((s, i) => s === expected[i])) wrong++
    if (symbols) accepted++
  }
  t.equal(wrong, 0)
  t.ok(accepted >= 50 && accepted < 300, `${accepted} accepted`)
})

t.test('every string of 5 symbols has one code, its own, and no neighbour of a code stands for it', async (t) => {
  const coder = new StaticCoder({ scaleBits: 8, freqs: [[1, 50, 205]] })
  const codes = new Set<string>()
  for (let n = 0; n < 3 ** 5; n++) {
    const code = coder.encode(Uint8Array.from({ length: 5 }, (_, i) => Math.floor(n / 3 ** i) % 3))
    codes.add(code.join())
    for (let at = 0; at < code.length; at++) {
      for (let value = n % STEP; value < 256; value += STEP) {
        const other = code.slice()
        other[at] = value
        const refused = codeOf(() => {
          const again = coder.encode(coder.decode(other, 5))
          if (again.join() !== other.join()) t.fail(`${other} and ${again} are the same symbols`)
        })
        if (refused !== 'none' && refused !== 'payload') t.fail(refused)
      }
    }
  }
  t.equal(codes.size, 3 ** 5)
})

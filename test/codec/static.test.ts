import t from 'tap'
import { CodecError, StaticCoder, type StaticTables } from '../../codec/index.js'
import { below, codeOf, degenerate, draw, peaked, sameBytes, seeded } from './samples.js'

const shapes: [string, StaticTables, number][] = [
  ['skewed 28x28', peaked(16, 6, 12, 1.5), 28 * 28],
  ['skewed 56x32', peaked(16, 6, 12, 1.5), 56 * 32],
  ['very skewed', peaked(16, 6, 12, 5), 28 * 28],
  ['uniform', peaked(16, 6, 12, 0), 28 * 28],
  ['uniform, 8 scale bits', peaked(4, 255, 8, 0), 28 * 28],
  ['skewed, 16 scale bits', peaked(4, 6, 16, 2), 28 * 28],
  ['one symbol takes nearly all', degenerate(16, 6, 12), 28 * 28],
  ['one symbol takes nearly all, 16 scale bits', degenerate(16, 6, 16), 28 * 28],
  ['one symbol per plane', peaked(16, 6, 12, 1.5), 1],
  ['one symbol', peaked(1, 2, 8, 1), 1],
]

for (const [name, tables, plane] of shapes) {
  t.test(`round trip within 0.5 % + 16 bytes of the cross-entropy: ${name}`, async (t) => {
    const coder = new StaticCoder(tables)
    const random = seeded(3)
    const likely = draw(tables, plane, random)
    for (const symbols of [likely, likely.map(() => below(random, coder.levels))]) {
      const payload = coder.encode(symbols)
      t.ok(sameBytes(coder.decode(payload, symbols.length), symbols))
      const ideal = coder.crossEntropyBits(symbols) / 8
      t.ok(payload.length <= ideal * 1.005 + 16, `${payload.length} bytes, ideal ${ideal.toFixed(1)}`)
      t.ok(payload.length >= ideal, 'no less than ideal')
    }
  })
}

t.test('an image of the most likely symbol costs the state only', async (t) => {
  const coder = new StaticCoder(degenerate(1, 2, 16))
  t.equal(coder.encode(new Uint8Array(784)).length, 4)
})

t.test('reads the channels and levels off the tables', async (t) => {
  const coder = new StaticCoder(peaked(16, 6, 12, 1))
  t.equal(coder.channels, 16)
  t.equal(coder.levels, 6)
})

t.test('keeps nothing from call to call, whatever the sizes', async (t) => {
  const tables = peaked(2, 6, 12, 1)
  const coder = new StaticCoder(tables)
  const small = draw(tables, 5, seeded(1))
  const large = draw(tables, 5000, seeded(2))
  const first = coder.encode(small)
  const copy = first.slice()
  coder.encode(large)
  t.same(first, copy, 'a result is not overwritten by the next call')
  t.same(coder.encode(small), copy)
  t.equal(
    codeOf(() => coder.encode(small.map((s, i) => (i === 4 ? 6 : s)))),
    'argument',
  )
  t.same(coder.encode(small), copy, 'nor by one that failed')
})

t.test('does not follow a change of the caller’s tables', async (t) => {
  const freqs = [[200, 56]]
  const coder = new StaticCoder({ scaleBits: 8, freqs })
  const before = coder.encode(Uint8Array.of(0, 1, 0, 0, 1))
  freqs[0].reverse()
  t.same(coder.encode(Uint8Array.of(0, 1, 0, 0, 1)), before)
})

t.test('takes a view into a larger buffer', async (t) => {
  const tables = peaked(2, 6, 12, 1)
  const coder = new StaticCoder(tables)
  const symbols = draw(tables, 40, seeded(8))
  const room = new Uint8Array(500).fill(255)
  room.set(symbols, 100)
  const payload = coder.encode(room.subarray(100, 180))
  room.set(payload, 7)
  t.same(coder.decode(room.subarray(7, 7 + payload.length), 80), symbols)
})

t.test('every byte that is no symbol is refused, at every place', async (t) => {
  const coder = new StaticCoder(peaked(2, 6, 12, 1))
  for (let value = 6; value < 256; value++) {
    for (let at = 0; at < 8; at++) {
      const symbols = new Uint8Array(8)
      symbols[at] = value
      if (codeOf(() => coder.encode(symbols)) !== 'argument') t.fail(`${value} at ${at} encoded`)
      if (codeOf(() => coder.crossEntropyBits(symbols)) !== 'argument') t.fail(`${value} at ${at} counted`)
    }
  }
  t.throws(() => coder.encode(Uint8Array.of(0, 0, 0, 9)), { name: 'CodecError', message: /symbol 9 at index 3/ })
})

t.test('counts that are no multiple of the channels, none or too many', async (t) => {
  const coder = new StaticCoder(peaked(2, 6, 12, 1))
  const payload = coder.encode(new Uint8Array(8))
  for (const count of [0, -2, 7, 2.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 26 + 2, 2 ** 53]) {
    t.equal(
      codeOf(() => coder.decode(payload, count)),
      'argument',
      `${count}`,
    )
  }
  t.equal(
    codeOf(() => coder.encode(new Uint8Array(0))),
    'argument',
  )
  t.equal(
    codeOf(() => coder.encode(new Uint8Array(3))),
    'argument',
  )
})

t.test('a payload cut short, lengthened or for another count is refused', async (t) => {
  const tables = peaked(3, 6, 12, 1)
  const coder = new StaticCoder(tables)
  const symbols = draw(tables, 60, seeded(4))
  const payload = coder.encode(symbols)
  for (let length = 0; length < payload.length; length++) {
    t.equal(
      codeOf(() => coder.decode(payload.subarray(0, length), 180)),
      'payload',
    )
  }
  for (const extra of [0, 1, 255]) {
    t.equal(
      codeOf(() => coder.decode(Uint8Array.of(...payload, extra), 180)),
      'payload',
    )
  }
  t.equal(
    codeOf(() => coder.decode(payload, 177)),
    'payload',
  )
  t.equal(
    codeOf(() => coder.decode(payload, 183)),
    'payload',
  )
})

t.test('other tables of the same shape are refused', async (t) => {
  const tables = peaked(3, 6, 12, 1)
  const payload = new StaticCoder(tables).encode(draw(tables, 60, seeded(4)))
  t.equal(
    codeOf(() => new StaticCoder(peaked(3, 6, 12, 1.1)).decode(payload, 180)),
    'payload',
  )
})

const good = [10, 246]
const bad: [string, unknown][] = [
  ['no channels', { scaleBits: 8, freqs: [] }],
  ['too many channels', { scaleBits: 8, freqs: new Array(256).fill(good) }],
  ['one level', { scaleBits: 8, freqs: [[256]] }],
  ['no levels', { scaleBits: 8, freqs: [[]] }],
  ['256 levels', { scaleBits: 8, freqs: [new Array(256).fill(1)] }],
  ['rows of two lengths', { scaleBits: 8, freqs: [good, [10, 10, 236]] }],
  ['a frequency of 0', { scaleBits: 8, freqs: [[0, 256]] }],
  ['a negative frequency', { scaleBits: 8, freqs: [[-1, 257]] }],
  ['a fraction', { scaleBits: 8, freqs: [[0.5, 255.5]] }],
  ['not a number', { scaleBits: 8, freqs: [[Number.NaN, 1]] }],
  ['a text', { scaleBits: 8, freqs: [['10', 246]] }],
  ['a sum below', { scaleBits: 8, freqs: [good, [10, 245]] }],
  ['a sum above', { scaleBits: 8, freqs: [[10, 247]] }],
  ['a hole', { scaleBits: 8, freqs: [Object.assign([10], { 2: 246 })] }],
  ['a row that is no array', { scaleBits: 8, freqs: [good, 'ab'] }],
  ['freqs missing', { scaleBits: 8 }],
  ['a null row', { scaleBits: 8, freqs: [null] }],
  ['7 scale bits', { scaleBits: 7, freqs: [[10, 118]] }],
  ['17 scale bits', { scaleBits: 17, freqs: [[1, 2 ** 17 - 1]] }],
  ['8.5 scale bits', { scaleBits: 8.5, freqs: [good] }],
  ['no scale bits', { freqs: [good] }],
]
for (const [name, tables] of bad) {
  t.test(`tables refused: ${name}`, async (t) => {
    t.equal(
      codeOf(() => new StaticCoder(tables as StaticTables)),
      'tables',
    )
  })
}

t.test('the message of a table error says where', async (t) => {
  t.throws(
    () => new StaticCoder({ scaleBits: 8, freqs: [good, [0, 256]] }),
    new CodecError(
      'tables',
      "frequency 0 of channel 1, level 0 is not an integer >= 1; take the tables from the bundle's entropy.json unchanged",
    ),
  )
})

import t from 'tap'
import { changes, Latest } from '../../../agent/infer/changes.js'

t.test('symbols that differ, and cells in which more do than noise changes', (t) => {
  const before = new Uint8Array(3 * 4).fill(10)
  const after = before.slice()
  t.same(changes(after, before, 4), { symbols: 0, cells: new Uint8Array(4) })
  after[1]! += 5 // of cell 1 in the first plane
  after[4]! -= 2 // of cell 0 in the second
  after[8]! += 2 // and in the third
  after[6]! += 3 // of cell 2
  after[10]! -= 2
  t.same(changes(after, before, 4), { symbols: 5, cells: new Uint8Array([0, 1, 1, 0]) })
  t.end()
})

t.test('wherever in the latent, and wherever that lies in its buffer', (t) => {
  for (const offset of [0, 1, 2, 3])
    for (const length of [5, 8, 11])
      for (let at = 0; at < length; at++) {
        const [a, b] = [new Uint8Array(16), new Uint8Array(16)].map((all) =>
          all.fill(9).subarray(offset, offset + length),
        )
        a![at]! += 5
        const cells = new Uint8Array(length)
        cells[at] = 1
        t.strictSame(changes(a!, b!, length), { symbols: 1, cells }, `${at} of ${length}, offset ${offset}`)
      }
  t.end()
})

t.test('a frame against the one before it, of the same camera and size; another scene is a cut', (t) => {
  const latest = new Latest(8)
  const size = { width: 32, height: 16 }
  const still = new Uint8Array(2 * 8).fill(3)
  t.strictSame(latest.next('a', size, still), { cut: false }, 'the first of all')
  const moved = still.slice()
  moved[5]! += 3
  moved[13]! -= 2
  const cells = new Uint8Array(8)
  cells[5] = 1
  t.strictSame(latest.next('a', size, moved), { changed: cells, cut: false })
  t.strictSame(latest.next('b', size, still), { cut: false }, 'another camera knows nothing of it')
  t.strictSame(latest.next('a', { width: 16, height: 32 }, moved), { cut: false }, 'nor another size')
  const part = moved.map((symbol, i) => (i < 5 ? symbol + 1 : symbol))
  t.equal(latest.next('a', { width: 16, height: 32 }, part).cut, true, '5 of 16')
  const less = part.map((symbol, i) => (i < 4 ? symbol + 1 : symbol))
  t.equal(latest.next('a', { width: 16, height: 32 }, less).cut, false, '4 of 16')
  t.end()
})

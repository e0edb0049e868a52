/** On planes of 12x16 cells, whose values say where they are. */
import t from 'tap'
import { area, type Part, partOf, pieceOf, withPiece } from '../../../agent/infer/part.js'

const size = { width: 16, height: 12 }
const changed = (...at: [x: number, y: number][]) => {
  const cells = new Uint8Array(size.width * size.height)
  for (const [x, y] of at) cells[y * size.width + x] = 1
  return cells
}

t.test('of one cell: two around it are taken, five and up to the grid of four are seen', async (t) => {
  const seen = { left: 0, top: 0, right: 8, bottom: 8 }
  t.same(partOf(changed([1, 2]), size), { seen, taken: { left: 0, top: 0, right: 4, bottom: 5 } })
  const corner = { left: 8, top: 4, right: 16, bottom: 12 }
  t.same(partOf(changed([15, 11]), size), { seen: corner, taken: { left: 13, top: 9, right: 16, bottom: 12 } })
})

t.test('of several: the rectangle around all', async (t) => {
  const { taken } = partOf(changed([1, 2], [3, 1]), size)!
  t.same(taken, { left: 0, top: 0, right: 6, bottom: 5 })
})

t.test('a picture that is no multiple of the grid ends where it ends', async (t) => {
  const { seen } = partOf(new Uint8Array(10 * 6).fill(1, 59), { width: 10, height: 6 })!
  t.same(seen, { left: 4, top: 0, right: 10, bottom: 6 })
})

t.test('nothing has changed, or too much', async (t) => {
  t.equal(partOf(changed(), size), undefined)
  t.equal(partOf(changed([0, 0], [15, 11]), size), undefined)
  t.equal(partOf(changed([0, 0], [9, 3]), size), undefined, 'with what is around it')
})

t.test('a piece, and what of it takes its place', async (t) => {
  const planes = Uint8Array.from({ length: 2 * 12 * 16 }, (_, i) => i)
  const part: Part = {
    seen: { left: 4, top: 8, right: 8, bottom: 12 },
    taken: { left: 5, top: 9, right: 7, bottom: 11 },
  }
  const piece = pieceOf(planes, size, part.seen)
  t.equal(piece.length, 2 * area(part.seen))
  t.same([...piece.subarray(0, 5)], [132, 133, 134, 135, 148])
  t.same([...piece.subarray(16, 18)], [(192 + 132) % 256, (192 + 133) % 256], 'the second plane')
  t.same(withPiece(planes, size, piece, part), planes, 'put back it is what it was')
  const other = withPiece(planes, size, piece.slice().fill(255), part)
  const differ = [...other.keys()].filter((i) => other[i] !== planes[i])
  t.same(differ, [149, 150, 165, 166, 341, 342, 357, 358])
  t.equal(planes[149], 149, 'what was before stays as it was')
})

t.test('of a finer plane, with places to a cell', async (t) => {
  const mask = new Uint8Array(32 * 24)
  const region = { left: 4, top: 8, right: 8, bottom: 12 }
  const made = withPiece(mask, size, new Uint8Array(64).fill(7), { seen: region, taken: region }, 2)
  t.equal(made.filter((id) => id === 7).length, 64)
  t.equal(made[16 * 32 + 8], 7)
  t.equal(made[23 * 32 + 15], 7)
})

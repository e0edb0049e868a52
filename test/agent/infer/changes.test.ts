import t from 'tap'
import { changes } from '../../../agent/infer/changes.js'

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

import t from 'tap'
import { Planes } from '../../codec/planes.js'

t.test('a closed plane repeats its edge', async (t) => {
  const planes = new Planes(2, 2, 3)
  t.equal(planes.stride, 7)
  planes.now.set([1, 2, 3], planes.row(1, 0))
  planes.now.set([4, 5, 6], planes.row(1, 1))
  planes.closePlane(1)
  const rows = Array.from({ length: 6 }, (_, y) => [
    ...planes.now.subarray(planes.size + 7 * y, planes.size + 7 * y + 7),
  ])
  const top = [1, 1, 1, 2, 3, 3, 3]
  const bottom = [4, 4, 4, 5, 6, 6, 6]
  t.same(rows, [top, top, top, bottom, bottom, bottom])
  t.ok(planes.now.subarray(0, planes.size).every((symbol) => symbol === 0))
})

t.test('what is remembered of a position', async (t) => {
  const planes = new Planes(1, 1, 1)
  const at = planes.row(0, 0)
  const state = () => [planes.now[at], planes.other[at], planes.age[at], planes.mean[at], planes.changes[at]]
  planes.now[at] = 3
  planes.endKey()
  t.same(state(), [3, 3, 8, 192, 0])
  planes.startPredicted()
  planes.put(at, 0, 3)
  t.same(state(), [3, 3, 9, 192, 0])
  planes.startPredicted()
  planes.put(at, 0, 5)
  t.same(state(), [5, 3, 0, 224, 1])
  planes.startPredicted()
  t.same([planes.before[at], planes.changesBefore[at], planes.changes[at]], [5, 1, 0])
})

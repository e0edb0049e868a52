import t from 'tap'
import { rowsAt, scrollTo } from '../../../../client/view/page/rows.js'

t.test('of a hundred thousand rows those on the screen are made', async (t) => {
  t.strictSame(rowsAt(100_000, 44, 0, 440), { first: 0, end: 18 })
  const { first, end } = rowsAt(100_000, 44, 44 * 50_000, 440)
  t.ok(first <= 50_000 && end >= 50_010 && end - first < 40)
  t.strictSame(rowsAt(3, 44, 0, 440), { first: 0, end: 3 })
  t.strictSame(rowsAt(3, 44, 99_999, 440), { first: 3, end: 3 })
})

t.test('a row is scrolled to where it is not seen whole', async (t) => {
  t.equal(scrollTo(5, 44, 0, 440), 0)
  t.equal(scrollTo(20, 44, 0, 440), 21 * 44 - 440)
  t.equal(scrollTo(2, 44, 440, 440), 88)
})

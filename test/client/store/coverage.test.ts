import t from 'tap'
import { without } from '../../../client/store/coverage.js'

const span = (from: number, to = from) => ({ from, to })

t.test('what is left of spans without others', async (t) => {
  t.strictSame(without([span(1, 9)], []), [span(1, 9)])
  t.strictSame(without([span(1, 9)], [span(3, 4)]), [span(1, 2), span(5, 9)])
  t.strictSame(without([span(1, 9)], [span(0, 2), span(8, 20)]), [span(3, 7)])
  t.strictSame(without([span(1, 3), span(6, 9)], [span(2, 7)]), [span(1), span(8, 9)])
  t.strictSame(without([span(1, 3)], [span(1, 3)]), [])
  t.strictSame(without([span(1, 9)], [span(2, 5), span(4, 6)]), [span(1), span(7, 9)], 'others that overlap')
})

import t from 'tap'
import { clampTo, classOf, steps } from '../../codec/quantise.js'

t.test('steps counts the thresholds at or below', async (t) => {
  const table = steps([1, 3, 8])
  t.same(
    [0, 1, 2, 3, 7, 8, 9, 1000].map((value) => classOf(table, value)),
    [0, 1, 1, 2, 2, 3, 3, 3],
  )
})

t.test('clampTo holds in 0..most', async (t) => {
  t.same(
    [-5, 0, 3, 7, 8].map((value) => clampTo(value, 7)),
    [0, 0, 3, 7, 7],
  )
})

import t from 'tap'
import { collectGarbage } from '../../agent/garbage.js'
import { until } from '../e2e/until.js'

t.test('what nobody holds any more is gone, without anything that asks for memory', async (t) => {
  const timer = collectGarbage(10)
  t.teardown(() => clearInterval(timer))
  const lost = new WeakRef({ large: new Array(1000).fill(0) })
  await until('the collection', () => lost.deref() === undefined)
})

// alone: what it sets holds for the process
import { getHeapSpaceStatistics } from 'node:v8'
import t from 'tap'
import { keepHeapSmall } from '../../agent/heap.js'
import { until } from '../e2e/until.js'

t.test('what nobody holds any more is gone, without anything that asks for memory', async (t) => {
  const timer = keepHeapSmall(10)
  t.teardown(() => clearInterval(timer))
  const lost = new WeakRef({ large: new Array(1000).fill(0) })
  await until('the collection', () => lost.deref() === undefined)
})

t.test('new objects take no more room than they had', async (t) => {
  const room = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')!.space_size
  const before = room()
  let held: object[] = []
  for (let i = 0; i < 1_000_000; i++) {
    held.push({ i })
    if (held.length > 50_000) held = []
  }
  t.ok(room() <= before, `${room()} of ${before}`)
})

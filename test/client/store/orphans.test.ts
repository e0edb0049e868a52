import { join } from 'node:path'
import t from 'tap'
import { openStore } from '../../../client/store/open.js'
import { at } from './suite.js'

t.test('of many some at a time, and what is claimed meanwhile stays', async (t) => {
  const store = await openStore(join(t.testdir(), 'fleet.sqlite'))
  t.teardown(() => store.close())
  for (let i = 0; i < 501; i++) await store.claim(`a/b/c/${i}.bsf`, at)
  const sizes: number[] = []
  const swept = await store.sweep('2026-05-02T00:00:00.000Z', async (places) => {
    sizes.push(places.length)
    await store.claim(`a/b/c/new-${sizes.length}.bsf`, '2026-05-03T00:00:00.000Z')
  })
  t.strictSame([swept, sizes], [501, [500, 1]])
  t.equal(await store.sweep('2026-05-04T00:00:00.000Z', async () => {}), 2)
})

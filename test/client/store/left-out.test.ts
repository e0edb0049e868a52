import { join } from 'node:path'
import t from 'tap'
import { openStore } from '../../../client/store/open.js'
import { at, cls } from './suite.js'

t.test('what a box has left out is missing no longer, and stays so', async (t) => {
  const store = await openStore(join(t.testdir(), 'fleet.sqlite'))
  t.teardown(() => store.close())
  await store.commit([cls(0), cls(6)], at)
  const [{ stream }] = await store.coverage()
  const spans = [
    { from: 2, to: 3 },
    { from: 5, to: 6 },
  ]
  await store.leftOut(stream.id, ['cls', 'bits', 'evt'], spans)
  await store.leftOut(stream.id, ['cls', 'bits'], spans)
  const coverage = await store.coverage()
  t.strictSame(
    coverage.map(({ kind, missing }) => [kind, ...missing.map(({ from, to }) => `${from}-${to}`)]),
    [
      ['cls', '1-1', '4-4'],
      ['bits', '0-1', '4-4'],
    ],
  )
  t.strictSame([...(await store.absent())], [[stream.id, { lost: [], unproven: [], leftOut: 4 }]])
})

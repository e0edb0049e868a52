import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openStore } from '../../../client/store/open.js'
import { at, bits, cls, evt, records } from './suite.js'

async function fleet(t: Test) {
  const store = await openStore(join(t.testdir(), 'fleet.sqlite'))
  t.teardown(() => store.close())
  return store
}
const minute = (n: number) => new Date(Date.UTC(2026, 4, 1, 8, n)).toISOString()
const made = { frames: 1, bytes: 9, sha256: 'ab', bundle: 'cd', data: Buffer.from('x') }

t.test('segments in the order of their begin, page after page, those of a time alone', async (t) => {
  const store = await fleet(t)
  await store.commit([cls(1)], at)
  const [{ stream }] = await store.coverage()
  for (const n of [3, 1, 5, 2, 4])
    await store.seal(stream.id, { ...made, seq: n * 10, last: n * 10 + 9, from: minute(n), to: minute(n) })
  const found: string[] = []
  let cursor: string | undefined
  do {
    const page = await store.segments({ limit: 2, cursor })
    found.push(...page.items.map(({ from }) => from))
    cursor = page.cursor
  } while (cursor)
  t.strictSame(found, [1, 2, 3, 4, 5].map(minute))
  const within = await store.segments({ limit: 9, from: minute(2), to: minute(3) })
  t.strictSame(
    within.items.map(({ from }) => from),
    [minute(2), minute(3)],
  )
  t.strictSame((await store.segments({ limit: 9, dev: 'gate-2' })).items, [])
})

t.test(
  'a segment that is not sealed goes as far as nothing is missing, and without its keyframe it is none',
  async (t) => {
    const store = await fleet(t)
    const all = records().map((record) => bits(record))
    await store.commit([all[0], all[1], all[3], all[5]], at)
    t.match((await store.segments({ limit: 9 })).items, [{ frames: 2, last: 1, sealed: false }])
    await store.commit([all[2], all[4]], at)
    t.match((await store.segments({ limit: 9 })).items, [
      { frames: 4, last: 3 },
      { frames: 2, last: 5 },
    ])
  },
)

t.test('a frame is found in the segment that it lies in', async (t) => {
  const store = await fleet(t)
  await store.commit([cls(1)], at)
  const [{ stream }] = await store.coverage()
  await store.seal(stream.id, { ...made, seq: 10, last: 19, from: at, to: at })
  const find = async (seq: number, boot = stream.boot) => store.find('gate-1', 'street', boot, seq)
  for (const seq of [10, 15, 19]) t.equal((await find(seq))?.sealed?.seq, 10)
  for (const seq of [9, 20]) t.match(await find(seq), { stream: { id: stream.id }, sealed: undefined })
  t.equal(await find(10, 'f'.repeat(16)), undefined)
})

t.test('of events of one time each is on one page', async (t) => {
  const store = await fleet(t)
  const since = minute(1)
  await store.commit(
    ['c', 'a', 'd', 'b'].map((id, i) => evt(id, 'start', i, { since, until: since })),
    at,
  )
  const ids: string[] = []
  let cursor: string | undefined
  do {
    const page = await store.events({ limit: 1, cursor })
    ids.push(...page.items.map(({ id }) => id))
    cursor = page.cursor
  } while (cursor)
  t.strictSame(ids, ['a', 'b', 'c', 'd'])
})

t.test('of a run that goes on, results that are forgotten are counted no more', async (t) => {
  const store = await fleet(t)
  const old = '2026-04-20T08:00:00.000Z'
  await store.commit([cls(1, { ts: old }), cls(2, { ts: old }), cls(3), cls(9, { prev: 3 })], at)
  t.equal((await store.totals()).results, 4, 'and not what was left out on purpose')
  await store.expire('2026-04-30T12:00:00.000Z')
  t.equal((await store.totals()).results, 2)
  t.match(await store.commit([cls(1, { ts: old })], at), { duplicates: 1 }, 'what was here is known all the same')
})

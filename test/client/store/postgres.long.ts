import t from 'tap'
import { openStore } from '../../../client/store/open.js'
import { Postgres } from './postgres.js'
import { at, cls, evt, suite } from './suite.js'

const server = await Postgres.start()

suite('PostgreSQL', () => server.fresh())

t.test('several collectors at once: each message once, nothing waits for ever', async (t) => {
  const url = await server.fresh()
  const first = await openStore(url)
  const stores = [first, await openStore(url), await openStore(url)]
  // Each message comes to two of the three, in batches that overlap, in another order each time.
  const seqs = Array.from({ length: 300 }, (_, seq) => seq)
  const tallies = await Promise.all(
    stores.map(async (store, nth) => {
      let added = 0
      const mine = seqs.filter((seq) => seq % 3 !== nth)
      for (let i = 0; i < mine.length; i += 10) {
        const batch = mine.slice(i, i + 10).map((seq) => cls(seq))
        if (nth === 1) batch.reverse()
        added += (await store.commit([...batch, evt('e', 'update', mine[i])], at)).added.cls
      }
      return added
    }),
  )
  t.equal(
    tallies.reduce((sum, n) => sum + n, 0),
    300,
  )
  t.match(await first.coverage(), [{ frames: 300, missing: [] }])
  t.match(await first.totals(), { results: 300, events: 1 })
  for (const store of stores) await store.close()
})

t.test('results lie in partitions by day, and go with them', async (t) => {
  const url = await server.fresh()
  const store = await openStore(url)
  t.teardown(() => store.close())
  await store.commit([cls(1, { ts: '2026-04-20T23:59:59.999Z' }), cls(2, { ts: '2026-04-21T00:00:00.000Z' })], at)
  const partitions = async () =>
    (
      await server.ask(
        `SELECT relname FROM pg_class WHERE relname ~ '^results_2' AND relkind = 'r' ORDER BY 1`,
        url.split('/').at(-1),
      )
    ).rows.map(({ relname }) => relname)
  t.strictSame(await partitions(), ['results_20260420', 'results_20260421'])
  await store.expire('2026-04-21T12:00:00.000Z')
  t.strictSame(await partitions(), ['results_20260421'])
})

t.test('a partition that another collector has dropped is made again', async (t) => {
  const url = await server.fresh()
  const [store, other] = [await openStore(url), await openStore(url)]
  t.teardown(() => Promise.all([store.close(), other.close()]))
  const ts = '2026-04-20T12:00:00.000Z'
  await store.commit([cls(1, { ts })], at)
  await other.expire('2026-04-21T12:00:00.000Z')
  t.match(await store.commit([cls(2, { ts })], at), { added: { cls: 1 } })
})

t.test('a server that is killed and comes back', async (t) => {
  const store = await openStore(await server.fresh())
  t.teardown(() => store.close())
  await store.commit([cls(1)], at)
  await server.kill()
  await t.rejects(store.commit([cls(2)], at), { name: 'StoreError', code: 'away' })
  await server.up()
  t.match(await store.commit([cls(1), cls(2)], at), { added: { cls: 1 }, duplicates: 1 })
})

// A file has no hooks at its root.
t.test('the server goes', () => server.stop())

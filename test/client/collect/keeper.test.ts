import { join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { Keeper } from '../../../client/collect/keeper.js'
import { Folder } from '../../../client/collect/objects.js'
import { openStore } from '../../../client/store/open.js'
import type { Store } from '../../../client/store/store.js'
import { boot } from '../bundle.js'
import { at, bits, cls, records } from '../store/suite.js'
import { figuresOf } from './figures.js'

const never = new AbortController().signal

async function fleet(t: Test): Promise<Store> {
  const store = await openStore(join(t.testdir({}), 'fleet.sqlite'))
  t.teardown(() => store.close())
  return store
}

/** A keeper whose work writes down that it was asked. */
function keeper(
  store: Store,
  { keepDays, fails, objects }: { keepDays?: number; fails?: string; objects?: Folder } = {},
) {
  const did: string[] = []
  const { figures, lines, value } = figuresOf()
  const run = (name: string) => async (_: unknown, online: unknown) => {
    did.push(online instanceof Set ? `${name} ${[...online]}` : name)
    if (fails === name) throw new Error(`${name} is ill`)
  }
  const work = { filler: { run: run('fill') }, sealer: { run: run('seal') }, events: { run: run('events') } } as never
  const said: string[] = []
  const one = new Keeper(store, objects, work, figures, keepDays, (line) => said.push(line))
  return { round: () => one.round(never), stop: () => one.stop(), did, lines, value, said }
}

t.test('of several collectors one does the work; all know what is missing', async (t) => {
  const store = await fleet(t)
  await store.commit([cls(1), cls(4)], at)
  for (const [dev, state] of Object.entries({ a: 'online', b: 'degraded', c: 'offline' }))
    await store.note({ dev, at, what: 'state', state, session: 's' })
  const [first, second] = [keeper(store), keeper(store)]
  for (const one of [first, second, first]) await one.round()
  t.strictSame(first.did.slice(0, 3), ['seal', 'fill a,b', 'events'])
  t.equal(first.did.length, 6)
  t.strictSame(second.did, [])
  t.strictSame([await first.value('missing'), await second.value('missing')], [2, 2])
})

t.test('who ends gives the work to another, at once', async (t) => {
  const store = await fleet(t)
  await store.commit([cls(1), cls(4)], at)
  const [first, second] = [keeper(store), keeper(store)]
  await first.round()
  await second.stop()
  await second.round()
  t.strictSame(second.did, [], 'it had nothing to give')
  await first.stop()
  await second.round()
  t.equal(second.did.length, 3)
  await keeper({ ...store, lease: () => Promise.reject(new Error('away')) }).stop()
})

t.test('a part that fails is said once, and the others go on', async (t) => {
  const store = await fleet(t)
  const ill = keeper(store, { fails: 'seal', keepDays: 1 })
  await store.commit([cls(1)], at)
  await ill.round()
  await ill.round()
  t.strictSame(ill.lines, ['sealing segments: seal is ill'])
  t.equal(await ill.value('failures_total{what="sealing segments"}'), 2)
  t.equal((await store.totals()).results, 0, 'what is too old is forgotten all the same')
  const away = keeper({ ...store, coverage: () => Promise.reject(new Error('away')) })
  await away.round()
  t.match(away.lines, [/what is missing: away/])
})

t.test('what is older than it is kept is forgotten, and said', async (t) => {
  const store = await fleet(t)
  const recent = new Date().toISOString()
  await store.commit([cls(1)], at)
  await store.commit([cls(2, { ts: recent })], recent)
  const one = keeper(store, { keepDays: 30 })
  await one.round()
  t.strictSame(
    (await store.results('gate-1', 'street', boot, 0, 9)).map(({ seq }) => seq),
    [2],
  )
  t.match(one.said, [/^forgotten, from before .*: 1 results, 0 events, 0 segments$/])
  await one.round()
  t.equal(one.said.length, 1)
})

t.test('objects that no segment names for an hour are deleted', async (t) => {
  const store = await fleet(t)
  const objects = new Folder(t.testdirName)
  const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
  for (const [place, minutes] of [
    ['a/old.bsf', 61],
    ['a/new.bsf', 50],
  ] as const) {
    await store.claim(place, ago(minutes))
    await objects.put(place, Uint8Array.of(1))
  }
  const one = keeper(store, { objects })
  await one.round()
  t.strictSame(one.lines, [])
  t.equal(await objects.get('a/old.bsf'), undefined)
  t.equal((await objects.get('a/new.bsf'))?.length, 1)
})

t.test('what is noted and lies nowhere is found at the start, and missing again', async (t) => {
  const store = await fleet(t)
  await store.commit(
    records().map((record) => bits(record)),
    at,
  )
  const db = new Database(join(t.testdirName, 'fleet.sqlite'))
  db.exec('DELETE FROM records WHERE seq IN (2, 3)')
  db.close()
  const one = keeper(store)
  await one.round()
  t.match(await store.coverage({ closed: false }), [{ frames: 4, missing: [{ from: 2, to: 3 }] }])
  t.equal(await one.value('bitstreams_lost_total'), 2)
  t.match(one.lines, [/^2 bitstreams are not where they were put, and asked for again/])
})

t.test('the lease is renewed while there is work, and who loses it stops', async (t) => {
  const store = await fleet(t)
  let asked = 0
  const losing = { ...store, lease: async () => ++asked < 4 }
  const did: string[] = []
  const sealer = {
    // As long as an object store takes to answer: until it is told to stop.
    run: (_: unknown, signal: AbortSignal) =>
      new Promise<void>((stopped) => signal.addEventListener('abort', () => stopped(), { once: true })),
  }
  const filler = { run: async () => did.push('fill') }
  const work = { filler, sealer, events: { run: async () => {} } } as never
  const { figures, lines } = figuresOf()
  await new Keeper(losing, undefined, work, figures, 1, (line) => did.push(line), 0.04).round(never)
  t.equal(asked, 4)
  t.strictSame([did, lines], [[], []], 'nothing is forgotten, and nobody asked')
})

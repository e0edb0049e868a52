import { join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { openStore } from '../../../client/store/open.js'
import type { Store } from '../../../client/store/store.js'
import { at, cls } from './suite.js'

const made = { frames: 1, bytes: 9, sha256: 'ab', bundle: 'cd' }
const old = { from: '2026-04-01T08:00:00.000Z', to: '2026-04-01T08:00:05.000Z' }
const before = '2026-04-30T00:00:00.000Z'

/** A store with a stream of which segments lie as objects, as the collector puts them away. */
async function fleet(t: Test, count: number): Promise<{ store: Store; stream: number; places: string[] }> {
  const store = await openStore(join(t.testdir(), 'fleet.sqlite'))
  t.teardown(() => store.close())
  await store.commit([cls(1)], at)
  const [{ stream }] = await store.coverage()
  const places = Array.from({ length: count }, (_, i) => `gate-1/street/r/${i}.bsf`)
  const db = new Database(join(t.testdirName, 'fleet.sqlite'))
  db.prepare(`INSERT INTO segments (stream, seq, last_seq, frames, from_time, to_time, bytes, sha256, bundle, place)
    SELECT ?, 100 + key, 100 + key, 1, ?, ?, 9, 'ab', 'cd', value FROM json_each(?)`).run(
    stream.id,
    old.from,
    old.to,
    JSON.stringify(places),
  )
  db.close()
  return { store, stream: stream.id, places }
}
const names = async (store: Store) => (await store.segments({ limit: 9999 })).items.length

t.test('objects that could not be deleted are orphans, and worked off the next time', async (t) => {
  const { store, stream, places } = await fleet(t, 3)
  await store.claim('gate-1/street/r/new.bsf', at)
  await store.seal(stream, { ...made, seq: 7, last: 7, from: at, to: at, place: 'gate-1/street/r/new.bsf' })
  const asked: string[][] = []
  const crash = async (some: readonly string[]) => {
    asked.push([...some])
    t.equal(await names(store), 1, 'nothing names them any more')
    throw new Error('killed')
  }
  await t.rejects(store.expire(before, crash), /killed/)
  t.equal(await store.sweep(before, async (some) => void asked.push([...some])), 3)
  t.strictSame(asked, [places, places], 'asked again: what is gone already is no failure')
  t.equal(await store.sweep(before, async (some) => void asked.push([...some])), 0)
  t.equal(await names(store), 1, 'the new one')
})

t.test('of many some at a time', async (t) => {
  const { store, places } = await fleet(t, 501)
  const asked: string[] = []
  const { segments } = await store.expire(before, async (some) => {
    t.ok(some.length <= 500)
    asked.push(...some)
  })
  t.equal(segments, 501)
  t.strictSame(asked.sort(), places.sort())
})

t.test('whoever does not say where they lie forgets none of them, and all else', async (t) => {
  const { store, stream } = await fleet(t, 1)
  await store.seal(stream, { ...made, ...old, seq: 50, last: 50, data: Buffer.from('x') })
  await store.reject({ at: old.to, topic: 'b/x', reason: 'no JSON', payload: Buffer.from('{') })
  await t.rejects(store.expire(before), { name: 'StoreError', code: 'refused', message: /like gate-1\/.*--bits/ })
  t.match(await store.totals(), { segments: 1, rejects: 0 })
})

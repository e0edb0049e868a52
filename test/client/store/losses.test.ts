import { join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { openStore } from '../../../client/store/open.js'
import { at, bits, records } from './suite.js'

async function fleet(t: Test) {
  const store = await openStore(join(t.testdir(), 'fleet.sqlite'))
  t.teardown(() => store.close())
  await store.commit(
    records().map((record) => bits(record)),
    at,
  )
  const [{ stream }] = await store.coverage()
  const state = async () => {
    const [{ frames, missing, gone }] = await store.coverage()
    return { frames, missing, gone: gone.map(({ from, to }) => ({ from, to })) }
  }
  return { store, stream, state }
}
const made = { frames: 2, from: at, to: at, bytes: 9, sha256: 'ab', bundle: 'cd' }

t.test('what is of no use is gone, and one that comes again is new', async (t) => {
  const { store, stream, state } = await fleet(t)
  await store.gone(stream.id, ['bits'], [{ from: 2, to: 3 }], 'evicted', at)
  await store.forget(stream.id, [3, 1, 2], 'of no use', at)
  t.strictSame(await state(), {
    frames: 3,
    missing: [],
    gone: [
      { from: 1, to: 1 },
      { from: 2, to: 3 },
    ],
  })
  t.match(await store.commit([bits(records()[2])], at), { added: { bits: 1 } })
  t.equal((await store.totals()).records, 4)
})

t.test('what lies nowhere is missing again, and its run open', async (t) => {
  const { store, stream, state } = await fleet(t)
  await store.seal(stream.id, { ...made, seq: 0, last: 1, data: Buffer.from('x') })
  await store.closeRun(stream.id)
  await store.recant(stream.id, { from: 0, to: 5 })
  t.strictSame((await state()).missing, [])
  t.equal((await store.coverage())[0].stream.closed, true, 'all of it lies somewhere')
  const db = new Database(join(t.testdirName, 'fleet.sqlite'))
  db.exec('DELETE FROM records WHERE seq IN (3, 4)')
  db.close()
  await store.recant(stream.id, { from: 3, to: 4 })
  t.match((await store.coverage())[0], { frames: 4, missing: [{ from: 3, to: 4 }], stream: { closed: false } })
})

t.test('those that are noted as here and lie nowhere, but for what was forgotten with its day', async (t) => {
  const { store, stream } = await fleet(t)
  t.strictSame([...(await store.absent())], [])
  await store.seal(stream.id, { ...made, seq: 0, last: 1, data: Buffer.from('x') })
  t.strictSame([...(await store.absent({ dev: 'gate-1' }))], [])
  const db = new Database(join(t.testdirName, 'fleet.sqlite'))
  db.exec('DELETE FROM records WHERE seq IN (3, 4)')
  t.strictSame([...(await store.absent())], [[stream.id, { lost: [{ from: 3, to: 4 }], unproven: [], leftOut: 0 }]])
  t.strictSame([...(await store.absent({ dev: 'gate-2' }))], [])
  db.exec('UPDATE streams SET closed = 1')
  t.strictSame([...(await store.absent({ closed: false }))], [])
  db.exec(`UPDATE segments SET to_time = '2020-01-02', from_time = '2020-01-02'`)
  await store.expire('2020-01-03T00:00:00.000Z')
  t.match(
    [...(await store.absent())],
    [[stream.id, { lost: [{ from: 3, to: 4 }], unsure: { before: 2, count: 2 } }]],
    'what was forgotten is neither here nor lost',
  )
  db.exec(`UPDATE records SET time = '2020-01-02'`)
  db.close()
  await store.expire('2020-01-03T00:00:00.000Z')
  t.match([...(await store.absent())], [[stream.id, { lost: [], unsure: { before: 6, count: 6 } }]])
})

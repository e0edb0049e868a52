import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openStore } from '../../../client/store/open.js'
import { at, bits, cls, records } from './suite.js'

async function fleet(t: Test) {
  const store = await openStore(join(t.testdir(), 'fleet.sqlite'))
  t.teardown(() => store.close())
  return store
}
const made = { frames: 2, from: at, to: at, bytes: 9, sha256: 'ab', bundle: 'cd' }

t.test('a segment takes the records that it is made of, and no others', async (t) => {
  const store = await fleet(t)
  const other = records()
    .map((record) => bits(record))
    .map((message) => ({ ...message, key: { ...message.key, dev: 'gate-2' } }))
  await store.commit([...records().map((record) => bits(record)), ...other.slice(0, 2)], at)
  const loose = await store.loose()
  t.match(
    loose.map(({ stream, first, last }) => [stream.dev, first, last]),
    [
      ['gate-1', 0, 5],
      ['gate-2', 0, 1],
    ],
  )
  await store.claim('a/b/c/0.bsf', at)
  await store.seal(loose[0].stream.id, { ...made, seq: 0, last: 3, place: 'a/b/c/0.bsf' })
  const left = async () => (await store.loose()).map(({ stream, first, last }) => [stream.dev, first, last])
  t.strictSame(await left(), [
    ['gate-1', 4, 5],
    ['gate-2', 0, 1],
  ])
  await store.forget(loose[0].stream.id, [], 'why', at)
  await store.forget(loose[0].stream.id, [4, 5], 'why', at)
  t.strictSame(await left(), [['gate-2', 0, 1]])
})

t.test('sealed again it is the new one, whole', async (t) => {
  const store = await fleet(t)
  await store.commit([cls(1)], at)
  const [{ stream }] = await store.coverage()
  await store.seal(stream.id, { ...made, seq: 0, last: 1, data: Buffer.from('short') })
  await store.claim('a/b/c/0.bsf', at)
  await store.seal(stream.id, { ...made, seq: 0, last: 3, frames: 4, place: 'a/b/c/0.bsf' })
  const found = await store.sealed(stream.id, 0)
  t.strictSame(found, { ...made, seq: 0, last: 3, frames: 4, place: 'a/b/c/0.bsf' })
  t.equal(await store.seal(stream.id, { ...made, seq: 0, last: 2, place: 'a/b/c/0.bsf' }), false, 'a shorter one')
  t.match(await store.sealed(stream.id, 0), { last: 3, frames: 4 })
  t.equal(await store.sealed(stream.id, 1), undefined)
  t.strictSame(await store.loose(), [])
})

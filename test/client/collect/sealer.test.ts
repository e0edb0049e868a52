import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { Folder } from '../../../client/collect/objects.js'
import { Sealer } from '../../../client/collect/sealer.js'
import { openStore } from '../../../client/store/open.js'
import { readArchive } from '../../../codec/index.js'
import { frames, records } from '../../codec/scene.js'
import { at, bits } from '../store/suite.js'
import { figuresOf } from './figures.js'

const atMs = Date.parse(at)
const QUIET_MS = 1000

async function setting(t: Test, inDatabase = false) {
  const dir = t.testdir({})
  const store = await openStore(join(dir, 'fleet.sqlite'))
  t.teardown(() => store.close())
  const objects = inDatabase ? undefined : new Folder(join(dir, 'bitstreams'))
  const { figures, lines, value } = figuresOf()
  const sealer = new Sealer(store, objects, figures, { quietMs: QUIET_MS })
  const all = records(frames(1, 10), 'fast', 4)
  const put = (...seqs: number[]) =>
    store.commit(
      seqs.map((seq) => bits(all[seq])),
      at,
    )
  const seal = async (quiet = false) => {
    await sealer.run(atMs + (quiet ? 2 * QUIET_MS : 0))
  }
  const slow = async (meanwhile: () => Promise<void>) => {
    const held = {
      ...store,
      async records(...of: Parameters<typeof store.records>) {
        const found = await store.records(...of)
        await meanwhile()
        return found
      },
    }
    await new Sealer(held, objects, figures, { quietMs: QUIET_MS }).run(atMs + 2 * QUIET_MS)
  }
  const sealed = async () =>
    (await store.segments({ limit: 100 })).items
      .filter(({ sealed }) => sealed)
      .map(({ ref, last }) => [Number(ref.split('/')[2]), last])
  const fileOf = async (seq: number) => {
    const [{ dev, ref }] = (await store.segments({ limit: 1 })).items
    const [cam, boot] = ref.split('/')
    const found = (await store.find(dev, cam, boot, seq))!.sealed!
    return found.data ?? (await objects?.get(found.place!))!
  }
  /** A collector that is held up while it puts an object. */
  const stalled = async (meanwhile: () => Promise<void>) => {
    const folder = objects!
    const held = {
      get: (place: string) => folder.get(place),
      delete: (places: readonly string[]) => folder.delete(places),
      name: folder.name,
      async put(place: string, bytes: Uint8Array) {
        await meanwhile()
        await folder.put(place, bytes)
      },
    }
    await new Sealer(store, held, figures, { quietMs: QUIET_MS }).run(atMs + 2 * QUIET_MS)
  }
  /** Objects that lie there, as the segments that they are. */
  const lying = () =>
    readdirSync(join(dir, 'bitstreams'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.bsf'))
      .map((name) => basename(name).replace(/-[0-9a-f]+\.bsf$/, ''))
      .sort()
  return { store, objects, sealer, lines, slow, stalled, lying, put, seal, sealed, fileOf, value }
}
const seqsIn = (file: Uint8Array) => [...readArchive(file)].map((piece) => ('seq' in piece ? piece.seq : piece.kind))

t.test('a segment is over when the next has begun, or when it has been quiet', async (t) => {
  const { store, put, seal, sealed, fileOf } = await setting(t)
  await put(0, 1, 2, 3)
  await seal()
  t.strictSame(await sealed(), [])
  await put(4, 5)
  await seal()
  t.strictSame(await sealed(), [[0, 3]])
  t.strictSame(seqsIn(await fileOf(0)), ['index', 0, 1, 2, 3])
  await seal(true)
  t.strictSame(await sealed(), [
    [0, 3],
    [4, 5],
  ])
  t.equal((await store.totals()).records, 0)
})

t.test('what may still come is waited for, and what comes to a sealed one is added', async (t) => {
  const { put, seal, sealed, fileOf } = await setting(t)
  await put(0, 1, 3, 4)
  await seal()
  t.strictSame(await sealed(), [], '2 is missing')
  await put(2)
  await seal()
  t.strictSame(await sealed(), [[0, 3]])
  await seal(true)
  await put(5, 6, 7, 8)
  await seal()
  t.strictSame(await sealed(), [
    [0, 3],
    [4, 7],
  ])
  t.strictSame(seqsIn(await fileOf(4)), ['index', 4, 5, 6, 7])
})

t.test('what lacks the one before waits until the box has said that it can never come', async (t) => {
  const { store, put, seal, sealed, value } = await setting(t, true)
  await put(0, 1, 3)
  await put(5, 6)
  await seal(true)
  t.strictSame(await sealed(), [[0, 1]])
  t.equal((await store.totals()).records, 3, 'nobody has been asked for 2 and 4')
  const coverage = async () => (await store.coverage())[0]
  const { stream, missing } = await coverage()
  t.match(missing, [
    { from: 2, to: 2 },
    { from: 4, to: 4 },
  ])
  await store.gone(stream.id, ['bits'], [{ from: 4, to: 4 }], 'evicted', at)
  await seal(true)
  t.equal((await store.totals()).records, 1)
  t.equal(await value('records_unusable_total'), 2)
  const after = await coverage()
  t.match([after.frames, after.missing], [3, [{ from: 2, to: 2 }]], 'they count as lost, and not as there')
  t.equal(
    after.gone.reduce((n, { from, to }) => n + to - from + 1, 0),
    3,
  )
  await put(2)
  await seal(true)
  t.strictSame(await sealed(), [[0, 3]])
  await put(4, 5, 6)
  await seal(true)
  t.strictSame(await sealed(), [
    [0, 3],
    [4, 6],
  ])
})

t.test('what is noted as here and is not is missing again, and fetched', async (t) => {
  const { store, put, seal, sealed } = await setting(t)
  await put(0, 1, 2, 3)
  const [{ stream }] = await store.coverage()
  const db = new Database(join(t.testdirName, 'fleet.sqlite'))
  db.exec('DELETE FROM records WHERE seq IN (1, 2)')
  db.close()
  await store.closeRun(stream.id)
  await seal(true)
  t.match(await store.coverage({ closed: false }), [{ missing: [{ from: 1, to: 2 }], frames: 2 }])
  await put(1, 2)
  await seal(true)
  t.strictSame(await sealed(), [[0, 3]])
})

t.test('a collector that was held up puts no shorter segment over that of another', async (t) => {
  const { store, put, seal, sealed, fileOf, slow } = await setting(t)
  await put(0, 1)
  // While it has read two records, another seals four.
  await slow(async () => {
    await put(2, 3)
    await seal(true)
  })
  t.strictSame(await sealed(), [[0, 3]])
  t.strictSame(seqsIn(await fileOf(0)), ['index', 0, 1, 2, 3])
  t.equal((await store.totals()).records, 0)
})

t.test(
  'however long a collector is held up while it puts an object, what another one put meanwhile stays',
  async (t) => {
    const { store, put, seal, sealed, fileOf, stalled, lying } = await setting(t)
    await put(0, 1)
    await stalled(async () => {
      await put(2, 3)
      await seal(true)
    })
    t.strictSame(await sealed(), [[0, 3]])
    t.strictSame(seqsIn(await fileOf(0)), ['index', 0, 1, 2, 3])
    t.strictSame(lying(), ['0-3'])
    t.equal((await store.totals()).records, 0)
  },
)

t.test('what was swept before it was put is not named, and sealed the next time', async (t) => {
  const { store, objects, put, seal, sealed, stalled, lying } = await setting(t)
  await put(0, 1)
  await stalled(async () => {
    await store.sweep('2999-01-01T00:00:00.000Z', (places) => objects!.delete(places))
  })
  t.strictSame([await sealed(), lying()], [[], []])
  t.equal((await store.totals()).records, 2)
  await seal(true)
  t.strictSame([await sealed(), lying()], [[[0, 1]], ['0-1']])
})

t.test('the object of a segment that has grown is deleted, and so is one of a collector that was killed', async (t) => {
  const { store, objects, put, seal, sealed, lying } = await setting(t)
  await put(0, 1)
  await seal(true)
  await put(2)
  // Killed between the object and the row.
  const { seal: kept } = store
  store.seal = async () => {
    throw new Error('killed')
  }
  await t.rejects(seal(true), /killed/)
  store.seal = kept
  await seal(true)
  t.strictSame([await sealed(), lying()], [[[0, 2]], ['0-1', '0-2', '0-2']])
  await store.sweep(new Date(Date.now() + 1000).toISOString(), (places) => objects!.delete(places))
  t.strictSame(lying(), ['0-2'])
})

t.test('a segment whose object is lost, or damaged, holds nothing up: it is asked for again', async (t) => {
  const { store, objects, put, seal, sealed, fileOf, lines, value } = await setting(t)
  await put(0, 1)
  await put(4, 5)
  await seal(true)
  const [gone, damaged] = await store.placed({ limit: 9 })
  await objects!.delete([gone.place])
  await objects!.put(damaged.place, (await fileOf(4)).slice(0, -1))
  await put(2)
  await put(6)
  await put(8, 9)
  await seal(true)
  t.strictSame(await sealed(), [[8, 9]])
  t.match((await store.coverage())[0].missing, [
    { from: 0, to: 1 },
    { from: 3, to: 5 },
    { from: 7, to: 7 },
  ])
  t.equal(await value('bitstreams_lost_total'), 4)
  t.match(lines, [/2 bitstreams are not where they were put, and asked for again, .*\/0-1-/, /\/4-5-/])
  await put(0, 1, 3, 4, 5, 7)
  await seal(true)
  t.strictSame(await sealed(), [
    [0, 3],
    [4, 7],
    [8, 9],
  ])
  t.strictSame(seqsIn(await fileOf(4)), ['index', 4, 5, 6, 7])
})

t.test('nothing is given up for what has come after all, while a collector was held up', async (t) => {
  const { store, put, seal, sealed, slow } = await setting(t)
  await put(0, 1, 3)
  const coverage = async () => (await store.coverage())[0]
  const { stream } = await coverage()
  await store.gone(stream.id, ['bits'], [{ from: 2, to: 2 }], 'evicted', at)
  await slow(async () => void (await put(2)))
  t.match(await store.totals(), { records: 2 })
  await seal(true)
  t.strictSame(await sealed(), [[0, 3]])
  await put(5)
  await store.gone(stream.id, ['bits'], [{ from: 4, to: 4 }], 'evicted', at)
  await slow(async () => {
    await put(4)
    await seal(true)
  })
  t.strictSame(await sealed(), [
    [0, 3],
    [4, 5],
  ])
  t.match(await coverage(), { frames: 6, gone: [{ from: 2 }, { from: 4, to: 4 }] })
})

t.test('what does not follow the one before it is set aside, and asked for once more', async (t) => {
  const { store, put, seal, sealed, lines, value } = await setting(t)
  // Of a copy of the box, which saw something else.
  const foreign = records(frames(2, 10), 'fast', 4)
  const from = async (...seqs: number[]) =>
    void (await store.commit(
      seqs.map((seq) => bits(foreign[seq])),
      at,
    ))
  await put(0, 1)
  await from(2)
  await put(3, 4)
  await seal()
  t.strictSame(await sealed(), [[0, 1]])
  const state = async () => {
    const [{ frames, missing, gone }] = await store.coverage()
    return [frames, missing, gone.map(({ from, reason }) => [from, reason])]
  }
  t.strictSame(await state(), [4, [{ from: 2, to: 2 }], []])
  t.match(await store.totals(), { rejects: 1, records: 2 })
  t.equal(await value('records_misfit_total'), 1)
  t.match(lines, [/a bitstream does not follow the frame before it, gate-1\/.* #2: it is kept as a reject/])
  await put(2)
  await seal()
  t.strictSame(await sealed(), [[0, 3]], 'the right one joins, and what waited for it')

  await from(5)
  await seal(true)
  t.strictSame((await state())[1], [{ from: 5, to: 5 }])
  await from(5)
  await put(6)
  await seal(true)
  const reason = 'it does not follow the frame before it'
  t.strictSame((await state()).slice(1), [[], [[5, reason]]], 'its box has no other')
  await seal(true)
  t.strictSame(await sealed(), [
    [0, 3],
    [4, 4],
  ])
  t.match(await store.totals(), { rejects: 3, records: 0 })
  await put(5)
  await seal(true)
  t.strictSame((await sealed()).at(-1), [4, 5], 'should it come all the same it is kept')
})

t.test('who is no longer the one that seals stops', async (t) => {
  const { sealer, put, sealed } = await setting(t)
  await put(0, 1, 2, 3, 4)
  await sealer.run(atMs, undefined, async () => false)
  t.strictSame(await sealed(), [])
})

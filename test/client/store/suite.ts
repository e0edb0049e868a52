/** What every store has to hold, with messages as they come over MQTT. */
import t, { type Test } from 'tap'
import { readIncoming } from '../../../client/listen/incoming.js'
import { openStore } from '../../../client/store/open.js'
import type { Store, Told } from '../../../client/store/store.js'
import { records as codedRecords, frames, infoAt, join } from '../../codec/scene.js'
import { classifyResult, eventMessage } from '../box.js'
import { boot } from '../bundle.js'

export const at = '2026-05-01T08:10:00.000Z'
const later = '2026-05-01T08:20:00.000Z'
const otherBoot = 'fedcba9876543210'

const json = (value: unknown) => Buffer.from(JSON.stringify(value))
export const cls = (seq: number, more: object = {}) =>
  readIncoming('b', {
    topic: 'b/v1/gate-1/cam/street/cls',
    payload: json({ ...classifyResult(seq), ts: timeOf(seq), ...more }),
  })
export const evt = (id: string, phase: 'start' | 'update' | 'end', seq: number, more: object = {}) =>
  readIncoming('b', {
    topic: 'b/v1/gate-1/cam/street/evt',
    payload: json({ ...eventMessage(id, phase, seq), since: timeOf(seq), until: timeOf(seq), ...more }),
  })
const timeOf = (seq: number) => new Date(Date.UTC(2026, 4, 1, 8) + seq * 1000).toISOString()
export const bits = (payload: Uint8Array, user?: Record<string, string>) =>
  readIncoming('b', { topic: `b/v1/gate-1/bits/${infoAt(0).camera}`, payload, user })
/** Six records, a keyframe every four. */
export const records = () => codedRecords(frames(1, 6), 'fast', 4)

/** Sixteen, a keyframe every four. */
const thinned = () => codedRecords(frames(3, 16), 'fast', 4)

const missing = async (store: Store) =>
  (await store.coverage()).flatMap(({ kind, missing }) => missing.map(({ from, to }) => [kind, from, to]))
const refOf = (seq: number) => `street/${boot}/${seq}`

/** @param address of an empty store, another one each time */
export function suite(name: string, address: (t: Test) => Promise<string>): void {
  const open = async (t: Test) => {
    const store = await openStore(await address(t))
    t.teardown(() => store.close())
    return store
  }

  t.test(`${name}: a message is kept once`, async (t) => {
    const store = await open(t)
    const first = await store.commit([cls(3), cls(4), cls(4), evt('e-1', 'start', 4)], at)
    t.strictSame(first, { added: { cls: 2, seg: 0, bits: 0, evt: 1 }, duplicates: 1 })
    const again = await store.commit([cls(3), cls(5), evt('e-1', 'start', 4), evt('e-1', 'end', 5)], later)
    t.strictSame(again, { added: { cls: 1, seg: 0, bits: 0, evt: 1 }, duplicates: 2 })
    const rows = await store.results('gate-1', 'street', boot, 0, 100)
    t.strictSame(
      rows.map(({ seq, time }) => [seq, time]),
      [3, 4, 5].map((seq) => [seq, timeOf(seq)]),
    )
    t.match(JSON.parse(rows[0].json), { cls: [{ label: 'dog' }, { label: 'bus' }], seq: 3 })
    t.match(await store.totals(), { results: 3, events: 1 })
  })

  t.test(`${name}: what is missing, filled, left out on purpose, and gone`, async (t) => {
    const store = await open(t)
    await store.commit([cls(10), cls(11), cls(15), cls(20)], at)
    t.strictSame(await missing(store), [
      ['cls', 12, 14],
      ['cls', 16, 19],
    ])
    await store.commit([cls(13), cls(12)], at)
    t.strictSame(await missing(store), [
      ['cls', 14, 14],
      ['cls', 16, 19],
    ])
    const [{ stream }] = await store.coverage()
    await store.gone(
      stream.id,
      ['cls'],
      [
        { from: 14, to: 14 },
        { from: 16, to: 17 },
      ],
      'evicted',
      at,
    )
    t.strictSame(await missing(store), [['cls', 18, 19]])
    await store.commit([cls(21, { prev: 20 }), cls(30, { prev: 21 })], at)
    t.strictSame(await missing(store), [['cls', 18, 19]], 'prev says that nothing lies between')
    await store.commit([cls(40, { prev: 35 })], at)
    t.strictSame((await missing(store)).at(-1), ['cls', 31, 35])
    // Of a camera that is known, a run begins with 0.
    await store.commit([cls(2, { boot: otherBoot, ts: later })], later)
    t.strictSame((await missing(store)).at(-1), ['cls', 0, 1])
    const over = (await store.coverage()).map((one) => [one.stream.boot, one.stream.over])
    t.strictSame(over, [
      [boot, true],
      [otherBoot, false],
    ])
  })

  t.test(
    `${name}: a batch is all or nothing, and one message that never fits is told from a store that is away`,
    async (t) => {
      const store = await open(t)
      const sound = evt('a', 'start', 7) as Extract<ReturnType<typeof evt>, { kind: 'evt' }>
      const bad = { ...sound, event: { ...sound.event, class: null as unknown as string } }
      await t.rejects(store.commit([cls(6), bad], at), { name: 'StoreError', code: 'refused' })
      t.strictSame(await store.results('gate-1', 'street', boot, 0, 100), [])
      t.match(await store.commit([cls(6)], at), { added: { cls: 1 } })
    },
  )

  t.test(`${name}: times that cannot be are those of arrival`, async (t) => {
    const store = await open(t)
    const times = { 1: { clk: 'unsynced', ts: '1970-01-01T00:00:00.000Z' }, 2: { ts: '2031-01-01T00:00:00.000Z' } }
    await store.commit([cls(1, times[1]), cls(2, times[2]), cls(3)], at)
    const rows = await store.results('gate-1', 'street', boot, 0, 9)
    t.strictSame(
      rows.map(({ time }) => time),
      [at, at, timeOf(3)],
    )
  })

  t.test(`${name}: events by what is asked, in pages`, async (t) => {
    const store = await open(t)
    await store.commit(
      [evt('a', 'start', 1), evt('b', 'start', 2), evt('c', 'start', 3, { zone: null, class: 'car' })],
      at,
    )
    await store.commit([evt('a', 'end', 5, { since: timeOf(1) }), evt('a', 'update', 4, { since: timeOf(1) })], at)
    const ids = async (query: object) => (await store.events({ limit: 10, ...query })).items.map(({ id }) => id)
    t.strictSame(await ids({}), ['a', 'b', 'c'])
    t.strictSame(await ids({ newestFirst: true }), ['c', 'b', 'a'])
    t.strictSame(await ids({ class: 'car' }), ['c'])
    t.strictSame(await ids({ zone: 'yard', dev: 'gate-1', cam: 'street' }), ['a', 'b'])
    t.strictSame(await ids({ event: 'b' }), ['b'])
    t.strictSame(await ids({ cam: 'yard' }), [])
    t.strictSame(await ids({ to: timeOf(1) }), ['a'])
    t.strictSame(await ids({ from: timeOf(6) }), ['b', 'c'], 'those that have not ended')
    const page = await store.events({ limit: 2 })
    t.strictSame(
      (await store.events({ limit: 2, cursor: page.cursor })).items.map(({ id }) => id),
      ['c'],
    )
    t.match((await store.events({ limit: 1, event: 'a' })).items, [
      { ended: true, since: timeOf(1), until: timeOf(5), peak: { p: 0.9 }, bits: { first: refOf(5) } },
    ])
  })

  t.test(`${name}: records become segments`, async (t) => {
    const store = await open(t)
    const all = records()
    await store.commit(
      [0, 1, 2, 3, 4, 5].map((i) => bits(all[i])),
      at,
    )
    t.match(await store.commit([bits(all[5])], at), { duplicates: 1 })
    t.match(await store.loose(), [{ first: 0, last: 5, stream: { dev: 'gate-1' }, lastAt: at }])
    const listed = await store.segments({ limit: 10 })
    t.match(listed.items, [
      { dev: 'gate-1', frames: 4, last: 3, sealed: false },
      { frames: 2, last: 5, sealed: false },
    ])
    const [{ stream }] = await store.loose()
    const rows = await store.records(stream.id, 0, 4)
    t.strictSame(
      rows.map(({ seq, position }) => [seq, position]),
      [0, 1, 2, 3].map((seq) => [seq, seq]),
    )
    const file = join(...rows.map(({ bytes }) => bytes))
    const made = { seq: 0, last: 3, frames: 4, from: rows[0].time, to: rows[3].time, bytes: file.length }
    const sealed = { ...made, sha256: 'ab', bundle: 'cd', data: file }
    await store.seal(stream.id, sealed)
    t.strictSame(
      (await store.records(stream.id, 0, 9)).map(({ seq }) => seq),
      [4, 5],
    )
    const found = await store.find('gate-1', stream.cam, stream.boot, 2)
    t.match(found?.sealed, made)
    t.ok(Buffer.from(found!.sealed!.data!).equals(Buffer.from(file)))
    t.equal((await store.find('gate-1', stream.cam, stream.boot, 5))?.sealed, undefined)
    await store.claim('x/y.bsf', at)
    await store.seal(stream.id, { ...sealed, last: 4, data: undefined, place: 'x/y.bsf' })
    await store.forget(stream.id, [5], 'why', at)
    t.strictSame(await store.loose(), [])
    t.match(await store.sealed(stream.id, 0), { last: 4, place: 'x/y.bsf', data: undefined })
    t.match((await store.segments({ limit: 1 })).items, [{ last: 4, sealed: true }])
    t.strictSame((await store.segments({ limit: 1, cursor: (await store.segments({ limit: 1 })).cursor })).items, [])
  })

  t.test(`${name}: who comes in the middle of a segment misses its beginning`, async (t) => {
    const store = await open(t)
    await store.commit([bits(records()[2])], at)
    t.strictSame(await missing(store), [['bits', 0, 1]])
    await store.commit([cls(5)], at)
    await store.commit([cls(3), cls(4)], at)
    t.strictSame(await missing(store), [['bits', 0, 1]], 'of another camera')
  })

  t.test(`${name}: activity of a camera, by parts of a time`, async (t) => {
    const store = await open(t)
    await store.commit(
      [0, 1, 2, 5].map((seq) => cls(seq, { motion: seq / 10 })),
      at,
    )
    const activity = await store.activity('gate-1', 'street', timeOf(0), timeOf(8), 4)
    t.strictSame(
      activity.map(({ frames, motion }) => [frames, Number(motion.toFixed(3))]),
      [
        [2, 0.1],
        [1, 0.2],
        [1, 0.5],
        [0, 0],
      ],
    )
  })

  t.test(`${name}: states of boxes and cameras, and their changes once`, async (t) => {
    const store = await open(t)
    const state = { what: 'state', dev: 'gate-1', state: 'online', session: 's', at } as const
    await store.note(state)
    await store.note(state)
    await store.note({ what: 'health', dev: 'gate-1', json: '{"rss_mb":1}', at })
    await store.note({
      what: 'camera',
      dev: 'gate-1',
      cam: 'street',
      state: 'stalled',
      reason: 'no frames',
      since: at,
      at,
    })
    await store.note({ what: 'now', dev: 'gate-1', cam: 'street', json: '{"present":[]}', at })
    const [device] = await store.devices()
    t.match(device, {
      dev: 'gate-1',
      state: 'online',
      cameras: [{ cam: 'street', state: 'stalled', reason: 'no frames' }],
    })
    t.strictSame(JSON.parse(device.health!), { rss_mb: 1 })
    t.strictSame(JSON.parse(device.cameras[0].now!), { present: [] })
  })

  t.test(`${name}: what a broker had and has not passed on is missing, as its box says how far it was`, async (t) => {
    const store = await open(t)
    const told = (cls: number, more: Partial<Told> = {}) =>
      store.note({
        ...{ what: 'health', dev: 'gate-1', json: '{}', at },
        runs: [{ cam: 'street', boot, due: 'all', thinned: false, newest: { cls, bits: undefined }, ...more }],
      } as const)
    await told(4)
    t.strictSame(await missing(store), [['cls', 0, 4]], 'of a run of which nothing has come')
    t.match(await store.coverage(), [{ seen: -1, last: 4, stream: { start: 0 } }])
    await store.commit([cls(0), cls(1), cls(2), cls(3), cls(4), cls(5)], at)
    t.strictSame(await missing(store), [])
    await told(4)
    await told(9)
    await told(8)
    t.strictSame(await missing(store), [['cls', 6, 9]], 'and of what came last')
    // Nobody listened to a run that was there before; what is on its way all the same counts.
    await told(70, { cam: 'yard', due: 'onwards' })
    t.strictSame((await missing(store)).length, 1)
    const [, yard] = await store.coverage()
    t.match(yard, { last: 70, missing: [], stream: { cam: 'yard', start: 71 } })
    // A later run of a camera that is known begins with 0, and one that leaves frames out is known by its newest alone.
    await told(12, { boot: otherBoot, due: 'onwards', thinned: true })
    t.strictSame((await missing(store)).slice(1), [['cls', 12, 12]])
    await store.commit([cls(12, { boot: otherBoot, prev: 3 })], at)
    t.strictSame((await missing(store)).slice(1), [['cls', 0, 3]])
    const of = (await store.coverage()).find(({ stream }) => stream.boot === otherBoot)!
    await store.leftOut(of.stream.id, ['cls'], [{ from: 0, to: 2 }])
    t.strictSame((await missing(store)).slice(1), [['cls', 3, 3]])
  })

  t.test(`${name}: what a broker has kept of a run that nobody knows may be of a minute ago`, async (t) => {
    const store = await open(t)
    const told = (cls: number) =>
      store.note({
        ...{ what: 'health', dev: 'gate-1', json: '{}', at },
        runs: [{ cam: 'street', boot, due: 'known', thinned: false, newest: { cls } }],
      })
    await told(30)
    t.strictSame(await store.coverage(), [])
    await store.commit([cls(60)], at)
    t.match(await store.coverage(), [{ missing: [], stream: { start: 60 } }], 'in which nobody listened')
    await told(62)
    t.strictSame(await missing(store), [['cls', 61, 62]])
  })

  t.test(
    `${name}: a run is over when its box is in another one, whatever clocks say, and asked again when more comes`,
    async (t) => {
      const store = await open(t)
      const info = (of: string) => store.note({ what: 'info', dev: 'gate-1', json: '{}', boot: of, at })
      const over = async () => (await store.coverage()).map(({ stream }) => [stream.boot, stream.over, stream.closed])
      await info(boot)
      // The clock was ahead, and has been set since.
      await store.commit([cls(0, { ts: '2026-05-01T08:40:00.000Z' })], at)
      await info(otherBoot)
      await store.commit([cls(0, { boot: otherBoot }), cls(3, { boot: otherBoot })], at)
      t.strictSame(await over(), [
        [otherBoot, false, false],
        [boot, true, false],
      ])
      const [later] = await store.coverage()
      await store.closeRun(later.stream.id)
      await store.commit([cls(5, { boot: otherBoot })], at)
      t.strictSame((await over())[0], [otherBoot, false, false], 'one that was closed by mistake')
      await store.closeRun(later.stream.id)
      const newest = { cls: 9 }
      const runs = [{ cam: 'street', boot: otherBoot, due: 'onwards' as const, thinned: false, newest }]
      await store.note({ what: 'health', dev: 'gate-1', json: '{}', at, runs })
      t.strictSame((await over())[0], [otherBoot, false, false])
    },
  )

  t.test(`${name}: a camera that is only heard of has no newest frame`, async (t) => {
    const store = await open(t)
    const runs = [{ cam: 'street', boot, due: 'onwards' as const, thinned: false, newest: { cls: 9 } }]
    await store.note({ what: 'state', dev: 'gate-1', state: 'online', session: 's', at })
    await store.note({ what: 'now', dev: 'gate-1', cam: 'street', json: '{}', at })
    await store.note({ what: 'health', dev: 'gate-1', json: '{}', at, runs })
    const last = async () => (await store.devices())[0].cameras[0].last
    t.equal(await last(), null)
    await store.commit([cls(10)], at)
    t.ok(await last())
    const [{ stream }] = await store.coverage()
    t.ok(stream.first === stream.last && stream.first < '2027')
  })

  t.test(`${name}: results that are noted and not in the table`, async (t) => {
    const store = await open(t)
    await store.commit([cls(0), cls(1), cls(2), cls(9, { prev: 5 }), cls(20, { prev: 9 })], at)
    const [{ stream }] = await store.coverage()
    const absent = async () =>
      (await store.absentResults({ dev: 'gate-1' })).map(({ lost, leftOut }) => ({ lost, leftOut }))
    t.strictSame(await absent(), [{ lost: [], leftOut: 13 }])
    t.equal(await store.recantResults(stream.id, 'cls', { from: 0, to: 2 }), 0, 'they are there')
    t.strictSame(await store.absentResults({ dev: 'gate-2' }), [])
    await store.leftOut(stream.id, ['cls'], [{ from: 3, to: 5 }])
    t.strictSame(await absent(), [{ lost: [], leftOut: 16 }])
  })

  t.test(`${name}: what was forgotten of a run that goes on is neither lost nor asked for`, async (t) => {
    const store = await open(t)
    const told = () =>
      store.note({
        ...{ what: 'health', dev: 'gate-1', json: '{}', at },
        runs: [{ cam: 'street', boot, due: 'all', thinned: false, newest: { cls: 3 } }],
      })
    await store.note({ what: 'info', dev: 'gate-1', json: '{}', boot, at })
    await store.commit([cls(0), cls(1), cls(2), cls(3)], at)
    await store.expire('2026-05-03T00:00:00.000Z')
    t.equal((await store.totals()).results, 0)
    await told()
    t.strictSame(await missing(store), [])
    t.match(await store.absentResults(), [])
    await store.commit([cls(4, { ts: '2026-05-04T08:00:00.000Z' })], '2026-05-04T08:00:00.000Z')
    t.match(await store.absentResults(), [{ lost: [], leftOut: 0, unsure: { before: 4, count: 4 } }])
    await store.note({ what: 'info', dev: 'gate-1', json: '{}', boot: otherBoot, at })
    await store.expire('2026-06-03T00:00:00.000Z')
    t.strictSame(await store.coverage(), [], 'one that is over is forgotten whole')
  })

  t.test(`${name}: a run that is only heard of is not forgotten before its box was asked`, async (t) => {
    const store = await open(t)
    await store.commit([cls(0, { boot: otherBoot })], at)
    const newest = { cls: 600 }
    const runs = [{ cam: 'street', boot, due: 'all' as const, thinned: false, newest }]
    await store.note({ what: 'health', dev: 'gate-1', json: '{}', at, runs })
    await store.note({ what: 'info', dev: 'gate-1', json: '{}', boot: otherBoot, at })
    await store.expire('2026-04-01T00:00:00.000Z')
    t.strictSame((await missing(store)).at(-1), ['cls', 0, 600])
  })

  t.test(`${name}: forgotten while somebody looks: nothing is lost, and repair asks for nothing`, async (t) => {
    const where = await address(t)
    const [store, other] = [await openStore(where), await openStore(where)]
    t.teardown(() => Promise.all([store.close(), other.close()]))
    const runs = Array.from({ length: 60 }, (_, i) => i.toString(16).padStart(16, '0'))
    for (const of of runs)
      await store.commit(
        [cls(0, { boot: of }), cls(1, { boot: of, ts: '2026-06-10T08:00:00.000Z' })],
        '2026-06-10T08:00:00.000Z',
      )
    const [absent] = await Promise.all([store.absentResults(), other.expire('2026-06-01T00:00:00.000Z')])
    t.strictSame(
      absent.flatMap(({ lost }) => lost),
      [],
    )
    t.equal(await store.recantResults(1, 'cls', { from: 0, to: 0 }), 0)
  })

  t.test(`${name}: rejects, audits, leases`, async (t) => {
    const store = await open(t)
    await store.reject({ at, topic: 'b/v1/x/cam/y/cls\0', reason: 'no JSON', payload: Buffer.from('{') })
    t.match(await store.totals(), { rejects: 1 })
    const line = { at, who: 'ann', dev: 'gate-1', cam: 'street', from: at, to: later, ref: refOf(1) }
    await store.audit(line)
    t.strictSame(await store.audits(5), [line])
    t.equal(await store.lease('keeper', 'one', 60), true)
    t.equal(await store.lease('keeper', 'two', 60), false)
    t.equal(await store.lease('keeper', 'one', 60), true)
    t.equal(await store.lease('other', 'two', 60), true)
    const { Date: right } = globalThis
    t.teardown(() => {
      globalThis.Date = right
    })
    globalThis.Date = class extends right {
      constructor() {
        super(right.now() + 3_600_000)
      }
    } as DateConstructor
    t.equal(await store.lease('keeper', 'two', 60), false, 'by a clock that is an hour ahead')
    globalThis.Date = right
    t.equal(await store.lease('keeper', 'two', 0), false, 'nobody gives back what is another’s')
    t.equal(await store.lease('keeper', 'one', 0), true)
    t.equal(await store.lease('keeper', 'two', 60), true)
  })

  t.test(`${name}: what is too old goes by days, and comes again as new`, async (t) => {
    const store = await open(t)
    const old = '2026-04-20T08:00:00.000Z'
    await store.commit(
      [cls(1, { ts: old, boot: otherBoot }), evt('old', 'end', 1, { ts: old, since: old, until: old })],
      at,
    )
    await store.commit([cls(2), evt('new', 'end', 2)], at)
    const [{ stream }] = await store.coverage()
    const segment = { from: old, to: old, frames: 1, bytes: 9, sha256: 'ab', bundle: 'cd' }
    await store.claim('a/b/c/1.bsf', at)
    await store.seal(stream.id, { ...segment, seq: 1, last: 1, place: 'a/b/c/1.bsf' })
    await store.seal(stream.id, { ...segment, seq: 2, last: 2, data: Buffer.from('x') })
    const deleted: string[] = []
    const gone = await store.expire('2026-04-30T12:00:00.000Z', async (places) => void deleted.push(...places))
    t.match(gone, { events: 1, segments: 2 })
    t.strictSame(deleted, ['a/b/c/1.bsf'])
    t.match(await store.totals(), { results: 1, segments: 0 })
    t.strictSame(await store.results('gate-1', 'street', otherBoot, 0, 9), [])
    t.match(await store.results('gate-1', 'street', boot, 0, 9), [{ seq: 2 }])
    t.match((await store.events({ limit: 9 })).items, [{ id: 'new' }])
    t.equal((await store.coverage()).length, 1)
    t.match(await store.commit([cls(1, { ts: old, boot: otherBoot })], at), { added: { cls: 1 } })
  })

  t.test(`${name}: an object that no segment names is swept, and one that was given up is never named`, async (t) => {
    const store = await open(t)
    await store.commit([cls(1)], at)
    const [{ stream }] = await store.coverage()
    const segment = { seq: 0, from: at, to: at, bytes: 9, sha256: 'ab', bundle: 'cd' }
    const seal = (last: number, place: string) =>
      store.seal(stream.id, { ...segment, last, frames: last + 1, place: `a/b/c/${place}.bsf` })
    const swept: string[] = []
    const sweep = (before: string) => store.sweep(before, async (places) => void swept.push(...places))
    const now = () => new Date(Date.now() + 1).toISOString()
    for (const place of ['short', 'long', 'late', 'lost', 'fresh']) await store.claim(`a/b/c/${place}.bsf`, at)
    t.equal(await seal(1, 'short'), true)
    t.equal(await seal(3, 'long'), true)
    t.equal(await seal(2, 'late'), false, 'a shorter one of another collector')
    t.match(await store.sealed(stream.id, 0), { last: 3, place: 'a/b/c/long.bsf' })
    t.equal(await sweep(at), 0, 'not yet: who claimed one may still name it')
    await t.rejects(
      store.sweep(later, async () => {
        throw new Error('the bucket is away')
      }),
      /away/,
    )
    t.equal(await seal(4, 'lost'), false, 'it may be deleted by now')
    t.match(await store.sealed(stream.id, 0), { last: 3, place: 'a/b/c/long.bsf' })
    t.equal(await sweep('2000-01-01T00:00:00.000Z'), 3, 'what was given up goes, whenever')
    t.strictSame(swept.sort(), ['a/b/c/fresh.bsf', 'a/b/c/late.bsf', 'a/b/c/lost.bsf'])
    t.equal(await sweep(later), 0, 'what was replaced a moment ago may be being read')
    t.equal(await sweep(now()), 1)
    t.equal(swept.at(-1), 'a/b/c/short.bsf')
    t.equal(await seal(9, 'none'), false, 'one that nobody claimed')
  })

  t.test(`${name}: of collectors that seal one segment at once the longest is kept, whole`, async (t) => {
    const store = await open(t)
    await store.commit([cls(1)], at)
    const [{ stream }] = await store.coverage()
    const made = { seq: 0, from: at, to: at, bytes: 9, sha256: 'ab', bundle: 'cd' }
    const objects = new Map<string, number>()
    const lasts = [3, 9, 1, 7, 5, 8, 2, 6]
    await Promise.all(
      lasts.map(async (last) => {
        const place = `a/b/c/0-${last}.bsf`
        await store.claim(place, at)
        objects.set(place, last)
        await store.seal(stream.id, { ...made, last, frames: last + 1, place })
      }),
    )
    const sweep = async (places: readonly string[]) => {
      for (const place of places) objects.delete(place)
    }
    await store.sweep(new Date(Date.now() + 60_000).toISOString(), sweep)
    t.match(await store.sealed(stream.id, 0), { last: 9, place: 'a/b/c/0-9.bsf' })
    t.strictSame([...objects], [['a/b/c/0-9.bsf', 9]], 'and nothing else is left')
  })

  t.test(`${name}: a segment whose object is lost is missing, until it is sealed anew or found again`, async (t) => {
    const store = await open(t)
    const all = records()
    const put = (...seqs: number[]) =>
      store.commit(
        seqs.map((seq) => bits(all[seq])),
        at,
      )
    await put(0, 1, 2, 3, 4)
    const [{ stream }] = await store.coverage()
    const made = { seq: 0, from: at, to: at, bytes: 9, sha256: 'ab', bundle: 'cd' }
    const seal = async (last: number, place: string) => {
      await store.claim(place, at)
      return store.seal(stream.id, { ...made, last, frames: last + 1, place })
    }
    const state = async () => {
      const [{ frames, missing, stream }] = await store.coverage()
      return [frames, missing, stream.closed]
    }
    await seal(3, 'a/b/first.bsf')
    await store.closeRun(stream.id)
    t.match(await store.placed({ limit: 9, dev: 'gate-1' }), [{ seq: 0, place: 'a/b/first.bsf', lost: false }])
    t.strictSame(await store.placed({ limit: 9, dev: 'gate-2' }), [])
    t.equal(await store.lose(stream.id, 0, 'a/b/other.bsf'), 0, 'the segment has another object')
    t.strictSame(await state(), [5, [], true])
    t.equal(await store.lose(stream.id, 0, 'a/b/first.bsf'), 4)
    t.equal(await store.lose(stream.id, 0, 'a/b/first.bsf'), 0)
    t.strictSame(await state(), [1, [{ from: 0, to: 3 }], false])
    t.equal(await store.sealed(stream.id, 0), undefined)
    t.equal((await store.find('gate-1', stream.cam, stream.boot, 2))?.sealed, undefined)
    t.match((await store.segments({ limit: 9 })).items, [{ last: 4, sealed: false }])
    t.strictSame([...(await store.absent())], [])

    const [placed] = await store.placed({ limit: 9 })
    t.equal(placed.lost, true)
    await put(1)
    t.equal(await store.regain(stream.id, 0, 'a/b/first.bsf'), true)
    t.equal(await store.regain(stream.id, 0, 'a/b/first.bsf'), false)
    t.strictSame((await state()).slice(0, 2), [5, []])
    t.match(await store.sealed(stream.id, 0), { last: 3 })
    t.equal((await store.totals()).records, 1, 'what was fetched of it meanwhile lies in it')
    t.match(await put(1), { duplicates: 1 })

    await store.lose(stream.id, 0, 'a/b/first.bsf')
    await put(0, 1)
    t.equal(await seal(1, 'a/b/second.bsf'), true, 'what is left of it')
    t.strictSame((await state()).slice(0, 2), [3, [{ from: 2, to: 3 }]])
    t.match(await store.placed({ limit: 9 }), [{ place: 'a/b/second.bsf', lost: false }])
    t.equal(await store.regain(stream.id, 0, 'a/b/first.bsf'), false)
    t.strictSame(await store.placed({ limit: 9, after: placed }), [])
  })

  t.test(`${name}: a record that cannot join is kept as a reject, and missing again`, async (t) => {
    const store = await open(t)
    await store.commit(
      records().map((record) => bits(record)),
      at,
    )
    const [{ stream }] = await store.coverage()
    await store.closeRun(stream.id)
    await store.setAside(stream.id, 5, 'why', at)
    await store.setAside(stream.id, 5, 'why', at)
    t.match(await store.totals(), { records: 5, rejects: 1 })
    t.match(await store.coverage({ closed: false }), [{ frames: 5, last: 5, missing: [{ from: 5, to: 5 }] }])
    t.match(await store.commit([bits(records()[5])], at), { added: { bits: 1 } })
    t.match(await store.coverage(), [{ frames: 6, missing: [] }])
  })

  t.test(`${name}: of a run that leaves frames out, what was left out is told from what is lost`, async (t) => {
    const store = await open(t)
    const all = thinned()
    const put = (seq: number, prev: number) => store.commit([bits(all[seq], { prev: String(prev) })], at)
    // Two segments of two frames, and one between them of which the second one never came.
    await store.commit([bits(all[0], { prev: '' }), bits(all[1], { prev: '0' })], at)
    await put(8, 5)
    await put(9, 8)
    t.strictSame(await missing(store), [['bits', 2, 5]])
    await put(4, 1)
    t.strictSame(await missing(store), [['bits', 5, 5]])
    await put(5, 4)
    const [{ stream }] = await store.coverage()
    t.strictSame(await missing(store), [])
    t.strictSame([...(await store.absent())], [[stream.id, { lost: [], unproven: [], leftOut: 4 }]])
    const segment = { from: at, to: at, bytes: 9, sha256: 'ab', bundle: 'cd', frames: 2 }
    await store.claim('a/b/4.bsf', at)
    await store.seal(stream.id, { ...segment, seq: 4, last: 5, place: 'a/b/4.bsf' })
    t.strictSame([...(await store.absent())], [[stream.id, { lost: [], unproven: [], leftOut: 4 }]])
    await store.forget(stream.id, [9], 'why', at)
    t.strictSame([...(await store.absent())], [[stream.id, { lost: [], unproven: [], leftOut: 4 }]])
    t.equal(await store.lose(stream.id, 4, 'a/b/4.bsf'), 2)
    t.strictSame(await missing(store), [['bits', 4, 5]], 'and nothing that was left out')
    // As its box sends it when it is asked.
    await store.commit(
      [4, 5].map((seq) => ({ ...bits(all[seq]), asked: true })),
      at,
    )
    t.strictSame(await missing(store), [])
    t.strictSame([...(await store.absent())], [[stream.id, { lost: [], unproven: [], leftOut: 4 }]])
  })

  t.test(`${name}: where nothing tells what was left out that is said, and what comes late is kept`, async (t) => {
    const store = await open(t)
    const all = thinned()
    // Results tell that the run leaves frames out; bitstreams over MQTT 3.1.1 cannot.
    const { camera: cam, boot } = infoAt(0)
    const result = cls(0, { prev: null, boot })
    await store.commit([{ ...result, key: { ...result.key, cam } } as typeof result], at)
    const put = (...seqs: number[]) =>
      store.commit(
        seqs.map((seq) => bits(all[seq])),
        at,
      )
    const ofBits = async () => (await store.coverage()).find(({ kind }) => kind === 'bits')!
    await put(0, 1)
    await put(8)
    const absent = async () => (await store.absent()).get((await ofBits()).stream.id)
    t.strictSame(await absent(), { lost: [], unproven: [{ from: 2, to: 7 }], leftOut: 0 })
    // History, which comes after live.
    t.match(await put(4, 5), { added: { bits: 2 } })
    t.match(await put(4, 5), { duplicates: 2 })
    t.strictSame(await absent(), {
      lost: [],
      unproven: [
        { from: 2, to: 3 },
        { from: 6, to: 7 },
      ],
      leftOut: 0,
    })
    t.match(await ofBits(), { missing: [] })
    // One that was predicted tells of those since its keyframe.
    await put(14)
    t.match((await ofBits()).missing, [{ from: 12, to: 13 }])
    t.match((await absent())?.unproven.at(-1), { from: 9, to: 11 })
    t.equal((await store.totals()).records, 6)
    // What is asked for says nothing of others.
    await store.commit([{ ...bits(all[13]), asked: true }], at)
    t.match((await ofBits()).missing, [{ from: 12, to: 12 }])
  })
}

import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readIncoming } from '../../../client/listen/incoming.js'
import { openStore } from '../../../client/store/open.js'
import { AuditLog } from '../../../client/view/audit.js'
import type { LiveMessage, ViewSource } from '../../../client/view/source.js'
import { StoreSource } from '../../../client/view/store.js'
import { packSegment } from '../../../codec/index.js'
import { Topics } from '../../../contract/topics.js'
import { sameBytes } from '../../codec/samples.js'
import { until } from '../../e2e/until.js'
import { classifyResult, eventMessage } from '../box.js'
import { boot, makeBundle, makeFrame } from '../bundle.js'
import { MemorySource } from './memory.js'

const at = '2026-05-01T08:00:00.000Z'
const span = { from: '2026-05-01T00:00:00.000Z', to: '2026-05-02T00:00:00.000Z' }

async function setUp(t: Test, live?: ViewSource) {
  const dir = t.testdir()
  const bundle = makeBundle(join(dir, 'bundles'))
  const topics = new Topics('blindsight', 'gate-1')
  const message = (topic: string, payload: unknown) =>
    readIncoming('blindsight', {
      topic,
      payload: payload instanceof Uint8Array ? payload : Buffer.from(JSON.stringify(payload)),
    })
  const store = await openStore(join(dir, 'fleet.sqlite'))
  await store.commit(
    [
      ...[1, 2].map((seq) => message(topics.result('bits', 'street'), makeFrame(bundle, seq))),
      message(topics.result('cls', 'street'), { ...classifyResult(1), motion: 0.25 }),
      message(topics.result('evt', 'street'), eventMessage('street-1', 'end', 1)),
    ],
    at,
  )
  await store.note({ dev: 'gate-1', at, what: 'state', state: 'online', session: 's' })
  await store.note({
    dev: 'gate-1',
    at,
    what: 'camera',
    cam: 'street',
    state: 'online',
    reason: 'frames come',
    since: at,
  })
  const audit = new AuditLog(undefined, () => {})
  const source = new StoreSource({ store, objects: undefined, live, audit })
  t.teardown(() => source.stop())
  return { source, store, bundle }
}

t.test('what a collector has kept', async (t) => {
  const { source, bundle } = await setUp(t)
  t.match(await source.cameras(), [
    { dev: 'gate-1', cam: 'street', state: 'online', box: 'online', last: '2026-05-01T08:00:00.200Z' },
  ])
  t.match(await source.events({ ...span, limit: 10 }), { items: [{ id: 'street-1', phase: 'end', zone: 'yard' }] })
  t.strictSame(await source.recent(), [], 'of another day')
  t.match(await source.events({ ...span, class: 'car', limit: 10 }), { items: [] })
  t.match(await source.results('gate-1', 'street', boot, 0, 9), {
    items: [{ seq: 1, tags: [{ id: 'n1' }, { id: 'n2' }] }],
  })
  const { recorded, motion } = await source.activity('gate-1', 'street', Date.parse(span.from), Date.parse(span.to), 24)
  t.strictSame([recorded[7], recorded[8], motion[7], motion[8]], [0, 1, null, 0.25])
  const segments = await source.segments({ dev: 'gate-1', cam: 'street', ...span, limit: 10 })
  t.strictSame(
    segments.map(({ ref }) => ref),
    [`street/${boot}/1`, `street/${boot}/2`],
  )
  t.ok(sameBytes(await source.segment('gate-1', `street/${boot}/1`), makeFrame(bundle, 1)))
})

t.test('a sealed segment; one whose object lies elsewhere, one that is not there', async (t) => {
  const { source, store, bundle } = await setUp(t)
  const [{ stream }] = await store.loose()
  const file = packSegment([makeFrame(bundle, 1)])
  const sealed = { frames: 1, from: at, to: at, bytes: file.length, sha256: 'ab', bundle: '0123456789abcdef' }
  await store.seal(stream.id, { ...sealed, seq: 1, last: 1, data: file })
  t.ok(sameBytes(await source.segment('gate-1', `street/${boot}/1`), file))
  await store.claim('gate-1/street/x/2.bsf', at)
  await store.seal(stream.id, { ...sealed, seq: 2, last: 2, place: 'gate-1/street/x/2.bsf' })
  await t.rejects(source.segment('gate-1', `street/${boot}/2`), /name that with --bits/)
  await t.rejects(source.segment('gate-1', `street/${'f'.repeat(16)}/1`), /no segment .* expired/)
})

t.test('views are written down in the store; without a broker it is said that nothing comes live', async (t) => {
  const { source, store } = await setUp(t)
  const view = { ts: at, who: 'ann', address: '127.0.0.1', dev: 'gate-1', cam: 'street', from: at } as const
  await source.audit({ ...view, what: 'segment', ref: `street/${boot}/1`, to: at })
  await source.audit({ ...view, what: 'live' })
  await source.audit({ ...view, what: 'live', to: '2026-05-01T08:05:00.000Z' })
  t.match(await store.audits(10), [
    { ref: 'live', from: at, to: '2026-05-01T08:05:00.000Z' },
    { ref: 'live', from: at, to: at },
    { who: 'ann (127.0.0.1)', cam: 'street', ref: `street/${boot}/1` },
  ])
  const heard: LiveMessage[] = []
  source.live(new Set(), (message) => heard.push(message))
  await until('the camera is told', () => heard.some(({ kind }) => kind === 'camera'))
  t.match(heard, [{ kind: 'notice', text: /nothing comes live/ }, { kind: 'camera' }])
})

t.test('a camera that the broker knows is told once, as it is there', async (t) => {
  const { source, store } = await setUp(t, new MemorySource())
  await store.note({ dev: 'gate-1', at, what: 'camera', cam: 'yard', state: 'stalled', reason: 'no frame', since: at })
  await store.note({ dev: 'gate-1', at, what: 'camera', cam: 'street', state: 'stalled', reason: 'of old', since: at })
  const heard: LiveMessage[] = []
  source.live(new Set(), (message) => heard.push(message))
  const cameras = () => heard.flatMap((message) => (message.kind === 'camera' ? [message.camera] : []))
  await until('both are told', () => cameras().some(({ cam }) => cam === 'yard'))
  t.match(cameras(), [
    { cam: 'street', state: 'online' },
    { cam: 'yard', state: 'stalled' },
  ])
  t.match(await source.cameras(), cameras())
})

import { join } from 'node:path'
import t, { type Test } from 'tap'
import { AuditLog } from '../../../client/view/audit.js'
import { BoxSource } from '../../../client/view/box.js'
import type { LiveMessage } from '../../../client/view/source.js'
import { sameBytes } from '../../codec/samples.js'
import { until } from '../../e2e/until.js'
import { Box, classifyResult, eventMessage } from '../box.js'
import { boot, makeBundle, makeFrame } from '../bundle.js'
import { Mosquitto } from '../mosquitto.js'

const ts = '2026-05-01T08:00:00.000Z'
const span = { from: '2026-05-01T00:00:00.000Z', to: '2026-05-02T00:00:00.000Z' }

async function setUp(t: Test) {
  const broker = await Mosquitto.start()
  t.teardown(() => broker.stop())
  const box = await Box.start(broker.url)
  t.teardown(() => box.stop())
  const notices: string[] = []
  const source = new BoxSource({
    broker: { url: broker.url, clientId: 'bs-view-test', sessionSeconds: 0 },
    base: 'blindsight',
    device: '+',
    timeoutMs: 2000,
    audit: new AuditLog(undefined, () => {}),
    notice: (text) => notices.push(text),
  })
  await source.start()
  t.teardown(() => source.stop())
  await box.publish(box.topics.camState('street'), { v: 1, state: 'online', reason: 'frames come', since: ts })
  await box.publish(box.topics.state(), { v: 1, state: 'online', session: 's', ts })
  await until('the box is known', async () => (await source.cameras())[0]?.box === 'online')
  const bundle = makeBundle(join(t.testdir(), 'bundles'))
  return { broker, box, source, notices, bundle }
}

t.test('what comes is told, and to whoever comes later what is there', async (t) => {
  const { box, source, bundle, notices } = await setUp(t)
  const heard: LiveMessage[] = []
  const leave = source.live(new Set(['gate-1/street']), (message) => heard.push(message))
  await box.publish(box.topics.result('bits', 'street'), makeFrame(bundle, 1))
  await box.result(1)
  await box.publish(box.topics.result('evt', 'street'), eventMessage('street-1', 'start', 1))
  await box.publish(box.topics.result('evt', 'street'), eventMessage('street-1', 'start', 1))
  await box.publish(box.topics.camNow('street'), {
    ...{ v: 1, ts },
    present: [{ class: 'person', label: 'person', zone: 'yard', since: ts, id: 'street-1' }],
  })
  await until('the last is heard', () => heard.some((one) => one.kind === 'camera' && one.camera.present.length === 1))
  const kinds = heard.map(({ kind }) => kind)
  t.equal(kinds.filter((kind) => kind === 'event').length, 1)
  t.ok(kinds.includes('bits') && kinds.includes('result'))
  leave()
  box.events.push({
    ...eventMessage('street-0', 'end', 0),
    since: new Date().toISOString(),
    until: new Date().toISOString(),
  } as never)
  t.match(await source.recent(), [{ id: 'street-0' }, { id: 'street-1', phase: 'start' }])
  const later: LiveMessage[] = []
  source.live(new Set(['gate-1/street']), (message) => later.push(message))()
  t.match(later.map(({ kind }) => kind).sort(), ['bits', 'camera', 'notice', 'result'])
  t.match(later, [{ kind: 'camera', camera: { zones: ['yard'], classes: ['person'] } }])
  const none: LiveMessage[] = []
  source.live(new Set(), (message) => none.push(message))()
  t.notOk(none.some(({ kind }) => kind === 'bits'))
  await box.publish(box.topics.result('cls', 'street'), { ...classifyResult(2), dev: 'another' })
  await until('what is invalid is said', () => notices.length > 0)
  t.match(notices[0], /invalid message ignored/)
})

t.test('the archive is asked', async (t) => {
  const { box, source, bundle } = await setUp(t)
  for (let seq = 1; seq <= 3; seq++) box.archive.set(`street/${boot}/${seq}`, makeFrame(bundle, seq))
  const { hist: _, ...event } = eventMessage('street-1', 'end', 9)
  box.events.push(event as never, { ...event, id: 'street-2' } as never)
  const first = await source.events({ dev: 'gate-1', ...span, limit: 100 })
  t.match(first, { items: [{ id: 'street-1' }], cursor: /./ })
  t.match(await source.events({ ...span, limit: 100, cursor: first.cursor }), { items: [{ id: 'street-2' }] })
  t.match(await source.segments({ dev: 'gate-1', cam: 'street', ...span, limit: 10 }), [
    { ref: `street/${boot}/1` },
    { ref: `street/${boot}/2` },
  ])
  t.ok(sameBytes(await source.segment('gate-1', `street/${boot}/2`), makeFrame(bundle, 2)))
  await t.rejects(source.segment('gate-1', `street/${boot}/99`), /not_found/)
  const day = await source.activity('gate-1', 'street', Date.parse(span.from), Date.parse(span.to), 24)
  t.equal(day.recorded[8], 1)
  t.equal(day.recorded.length, 24)
})

t.test('a box that is away is said to be so at once', async (t) => {
  const { box, source } = await setUp(t)
  await box.publish(box.topics.state(), { v: 1, state: 'offline', session: 's', ts })
  await until('it is heard', async () => (await source.cameras())[0]?.box === 'offline')
  await t.rejects(source.events({ dev: 'gate-1', ...span, limit: 1 }), /box gate-1 is away \(offline\)/)
  await t.rejects(source.segment('nobody', `street/${boot}/1`), /no box nobody/)
})

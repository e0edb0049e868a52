/** The agent on a real mosquitto over MQTT 5: what it says about itself, its results, and how it leaves. */
import { createHash } from 'node:crypto'
import t from 'tap'
import { readRecord } from '../../codec/index.js'
import { ClassifyResult, DeviceStateMessage, NowMessage, SegmentResult } from '../../contract/messages.js'
import { decodeRuns } from '../../contract/rle.js'
import { Topics } from '../../contract/topics.js'
import { published, QOS } from '../../packaging/manual/reference/topics.js'
import { Mosquitto } from '../client/mosquitto.js'
import { Program } from './program.js'
import { camera, committed, configFile, device, height, missing, width } from './setting.js'
import { Subscriber } from './subscriber.js'
import { until } from './until.js'

const topics = new Topics('blindsight', device)
const frames = 8

t.test('results, retained state, and the last word', async (t) => {
  const broker = await Mosquitto.start()
  t.teardown(() => broker.stop())
  const dir = t.testdir()
  const config = await configFile(dir, { broker: broker.url })
  const everything = { port: broker.port, version: '5', filters: ['blindsight/v1/#'] } as const
  const watcher = await Subscriber.start(everything)
  t.teardown(() => watcher.stop())

  const agent = Program.start(['run', '--config', config])
  t.teardown(() => agent.kill())
  await until('results', () => watcher.on(topics.result('bits', camera)).length >= frames)
  const late = await Subscriber.start(everything)
  t.teardown(() => late.stop())
  await until('retained topics', () => late.messages.filter((m) => m.retained).length >= 5)
  const end = await agent.terminate()
  await until('stopped', () => watcher.json(topics.state()).some(({ state }) => state === 'stopped'))

  t.test('state goes starting, online, stopped; the exit code is 0', async (t) => {
    t.equal(end.code, 0, end.err)
    const states = watcher.json(topics.state()).map((message) => DeviceStateMessage.parse(message))
    t.strictSame([...new Set(states.map((s) => s.state))], ['starting', 'online', 'stopped'])
    t.equal(new Set(states.map((s) => s.session)).size, 1)
    t.match(watcher.json(topics.camState(camera)).at(-1), { state: 'offline', reason: 'the agent stopped' })
    const after = await Subscriber.start(everything)
    t.teardown(() => after.stop())
    await until('the retained state', () => after.on(topics.state()).length > 0)
    t.match(after.json(topics.state())[0], { state: 'stopped' })
    t.ok(after.on(topics.state())[0]!.retained)
  })

  t.test('who comes late finds state, info, health and camera state retained', async (t) => {
    const retained = late.messages.filter((m) => m.retained)
    const found = Object.fromEntries(retained.map((m) => [m.topic, JSON.parse(m.payload.toString())]))
    t.match(found[topics.state()], { state: 'online', session: /^[0-9a-f]{16}$/ })
    t.match(found[topics.info()], {
      dev: device,
      providers: { encoder: 'cpu' },
      cameras: [{ id: camera, width, height }],
    })
    t.match(found[topics.health()], { v: 1, cams: [{ id: camera }], outbox: {}, archive: {} })
    t.match(found[topics.camState(camera)], { state: 'online' })
    t.match(NowMessage.parse(found[topics.camNow(camera)]), { present: [] })
    t.equal(retained.length, 5, 'and nothing else: no result and no bitstream is retained')
    t.ok(retained.find((m) => m.topic === topics.info())!.payload.length < 4096)
  })

  t.test('QoS and retained are as docs/reference/messages.md has them, and no topic is missing there', async (t) => {
    const known = new Map(published.map((each) => [each.topic, each]))
    const entryOf = (topic: string) => {
      const general = topic.replace(`v1/${device}`, 'v1/<device>').replace(new RegExp(`/${camera}(?=/|$)`), '/<cam>')
      return known.get(general.replace('blindsight', '<base>'))
    }
    for (const { topic, qos } of watcher.messages) {
      t.ok(entryOf(topic), topic)
      t.equal(qos, QOS, topic)
    }
    for (const { topic, retained } of late.messages)
      if (retained) t.equal(entryOf(topic)?.retained, true, `${topic}: retained`)
    const silent = [...known.keys()].filter(
      (topic) => !/hist|evt/.test(topic) && !watcher.messages.some((m) => entryOf(m.topic)?.topic === topic),
    )
    t.strictSame(silent, [], 'each is published')
    const found = new Set(late.messages.filter((m) => m.retained).map((m) => entryOf(m.topic)?.topic))
    t.strictSame(
      [...known.values()].filter((each) => each.retained && !found.has(each.topic)),
      [],
      'and each that is retained was found so',
    )
  })

  t.test('results are valid, gap-free and about the bitstream beside them', async (t) => {
    const cls = watcher.json(topics.result('cls', camera)).map((message) => ClassifyResult.parse(message))
    const seg = watcher.json(topics.result('seg', camera)).map((message) => SegmentResult.parse(message))
    const bits = watcher.on(topics.result('bits', camera))
    const rows = committed(dir)
    const seqs = rows.map(({ seq }) => seq)
    t.strictSame(missing(rows), [])
    for (const results of [cls, seg])
      t.strictSame(
        results.map((r) => r.seq),
        seqs,
      )
    t.strictSame(
      bits.map(({ payload }) => readRecord(payload).seq),
      seqs,
    )
    for (const [i, { payload, contentType }] of bits.entries()) {
      const info = readRecord(payload)
      const result = cls[i]!
      t.match(info, { boot: result.boot, kind: result.bits.key ? 'key' : 'predicted' })
      if (info.frame) t.match(info.frame, { camera, width, height })
      t.equal(result.bits.segment, `${camera}/${info.boot}/${info.seq - info.position}`)
      t.equal(createHash('sha256').update(payload).digest('hex'), result.bits.sha256)
      t.strictSame([result.bits.bytes, contentType], [payload.length, 'application/vnd.blindsight.frame'])
      t.equal(info.timeUs, Date.parse(result.ts) * 1000 + (info.timeUs % 1000))
    }
    for (const {
      seg: { w, h, mask },
    } of seg)
      t.equal(decodeRuns(mask.data, w * h).length, w * h)
    t.equal(watcher.on(/\/cam\//).filter((m) => m.payload[0] !== 0x7b).length, 0, 'nothing but JSON under cam/')
  })
})

t.test('after SIGKILL the will says offline, with the session it is about, but not at once', async (t) => {
  const broker = await Mosquitto.start()
  t.teardown(() => broker.stop())
  const watcher = await Subscriber.start({ port: broker.port, version: '5', filters: [topics.state()] })
  t.teardown(() => watcher.stop())
  const agent = Program.start(['run', '--config', await configFile(t.testdir(), { broker: broker.url })])
  t.teardown(() => agent.kill())
  const online = await until('online', () => watcher.json(topics.state()).find(({ state }) => state === 'online'))
  const killedAt = performance.now()
  await agent.kill()
  await until('the will', () => watcher.json(topics.state()).some(({ state }) => state === 'offline'))
  const will = watcher.on(topics.state()).at(-1)!
  t.match(JSON.parse(will.payload.toString()), { state: 'offline', session: online.session })
  t.ok(will.at - killedAt > 10_000, `${Math.round(will.at - killedAt)} ms: a short loss of the network is not offline`)
})

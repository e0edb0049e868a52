/** Archive, publisher and a real connection to a real mosquitto. */
import t, { type Test } from 'tap'
import { Archive } from '../../../agent/archive/archive.js'
import { silentLog } from '../../../agent/log.js'
import { type NewFrame, Part } from '../../../agent/outbox.js'
import { Link } from '../../../agent/publish/mqtt.js'
import { Publisher } from '../../../agent/publish/publisher.js'
import { Topics } from '../../../contract/topics.js'
import { Mosquitto } from '../../client/mosquitto.js'
import { Subscriber } from '../../e2e/subscriber.js'
import { until } from '../../e2e/until.js'

const topics = new Topics('blindsight', 'box')
const hour = 3_600_000

const frame = (seq: number, timeMs: number): NewFrame => ({
  cam: 'street',
  boot: '0123456789abcdef',
  seq,
  timeUs: timeMs * 1000,
  keySeq: seq,
  bits: new Uint8Array(2000).fill(seq),
  sha256: 'ab'.repeat(32),
  model: 'lean-1',
  result: JSON.stringify({ common: { seq }, q: { dropped: 0 }, cls: [] }),
  parts: Part.cls | Part.bits,
})

async function world(t: Test) {
  const broker = await Mosquitto.start()
  const archive = Archive.open(t.testdir())
  const publisher = new Publisher(archive, { topics, historyPerSecond: 200 }, silentLog)
  const watcher = await Subscriber.start({ port: broker.port, version: '5', filters: ['#'] })
  const will = { topic: topics.state(), payload: '{}', delaySeconds: 15 }
  const link = () => Link.connect({ url: broker.url, keepaliveSeconds: 30 }, 'box', will)
  t.teardown(async () => {
    publisher.detach()
    await watcher.stop()
    await broker.stop()
    archive.close()
  })
  return { broker, archive, publisher, watcher, link }
}

const seqs = (watcher: Subscriber, topic: string) => watcher.json(topic).map((m) => m.seq)
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

t.test('what is old when the connection comes is history; what is new goes first', { timeout: 60_000 }, async (t) => {
  const { archive, publisher, watcher, link } = await world(t)
  for (const seq of range(0, 30)) archive.commit(frame(seq, Date.now() - hour))
  for (const seq of range(30, 35)) archive.commit(frame(seq, Date.now()))
  const connection = await link()
  publisher.attach(connection)
  await until('an empty outbox', () => archive.stats.outboxRows === 0)
  t.strictSame(seqs(watcher, topics.result('cls', 'street')), range(30, 35))
  t.strictSame(seqs(watcher, topics.result('cls', 'street', true)), range(0, 30))
  t.equal(watcher.on(topics.result('bits', 'street')).length, 5)
  t.equal(watcher.on(topics.result('bits', 'street', true)).length, 30)
  t.match(publisher.counters, { published: 35, acked: 35, backfilled: 30, deadLetters: 0 })
  t.match(watcher.json(topics.result('cls', 'street'))[0], { hist: false, q: { age_ms: Number } })
  await connection.end()
})

t.test('nothing leaves the outbox without its PUBACK', { timeout: 60_000 }, async (t) => {
  const { broker, archive, publisher, link } = await world(t)
  const connection = await link()
  let lost = false
  connection.onLost(() => {
    lost = true
    publisher.detach()
  })
  await broker.kill()
  for (const seq of range(0, 5)) archive.commit(frame(seq, Date.now()))
  publisher.attach(connection)
  await until('the loss of the connection', () => lost)
  t.equal(archive.stats.outboxRows, 5)
  await broker.up()
  const again = await link()
  publisher.attach(again)
  await until('an empty outbox', () => archive.stats.outboxRows === 0)
  await again.end()
})

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

async function world(t: Test, config: string[] = []) {
  const broker = await Mosquitto.start({ config })
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

t.test('what the broker will never take is counted once, and holds nobody up', { timeout: 60_000 }, async (t) => {
  const { archive, publisher, watcher, link } = await world(t, ['max_packet_size 4096'])
  archive.commit({ ...frame(0, Date.now()), bits: new Uint8Array(8000) })
  archive.commit(frame(1, Date.now()))
  const connection = await link()
  publisher.attach(connection)
  await until('an empty outbox', () => archive.stats.outboxRows === 0)
  t.strictSame(seqs(watcher, topics.result('cls', 'street')), [0, 1], 'its result went')
  t.equal(watcher.on(topics.result('bits', 'street')).length, 1)
  t.match(publisher.counters, { acked: 2, deadLetters: 1 })
  t.equal(archive.find('street', '0123456789abcdef', 0)!.bytes, 8000, 'the archive keeps it')
  await connection.end()
})

t.test('a frame that could not be stored: its results go now, or it is lost', { timeout: 60_000 }, async (t) => {
  const { publisher, watcher, link } = await world(t)
  t.equal(publisher.sendUnstored(frame(0, Date.now())), false, 'nobody listens')
  const connection = await link()
  publisher.attach(connection)
  t.equal(publisher.sendUnstored({ ...frame(1, Date.now()), parts: Part.bits }), false, 'nothing to say')
  t.equal(publisher.sendUnstored(frame(2, Date.now())), true)
  await until('its result', () => watcher.messages.length > 0)
  t.match(watcher.json(topics.result('cls', 'street')), [{ seq: 2, bits: { archived: false } }])
  t.equal(watcher.on(/bits/).length, 0)
  t.match(publisher.counters, { unstored: 1, published: 0 })
  await connection.end()
})

t.test('acknowledgements that a full disk refuses are written later', async (t) => {
  const written: number[][] = []
  let full = true
  const outbox = {
    unpublished: (after: number) => (after < 1 ? [{ ...frame(0, Date.now()), id: 1 }] : []),
    lastUnpublishedBefore: () => 0,
    acknowledge: (ids: readonly number[]) => {
      if (full) throw new Error('database or disk is full')
      if (ids.length > 0) written.push([...ids])
    },
  }
  const publisher = new Publisher(outbox, { topics, historyPerSecond: 1 }, silentLog)
  publisher.attach({ receiveMaximum: 99, publish: async () => {} } as unknown as Link)
  await until('the PUBACKs', () => publisher.counters.acked === 1)
  publisher.flush()
  t.strictSame(written, [])
  full = false
  publisher.flush()
  t.strictSame(written, [[1]])
  publisher.detach()
})

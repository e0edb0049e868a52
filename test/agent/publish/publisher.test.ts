/** Archive, publisher and a real connection to a real mosquitto. */
import { once } from 'node:events'
import { chmodSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Aedes } from 'aedes'
import t, { type Test } from 'tap'
import { Archive } from '../../../agent/archive/archive.js'
import { silentLog } from '../../../agent/log.js'
import { type NewFrame, Part } from '../../../agent/outbox.js'
import { Link, LinkError } from '../../../agent/publish/mqtt.js'
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

t.test('what is old when the connection comes is history; what is new goes first', async (t) => {
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

t.test('nothing leaves the outbox without its PUBACK', async (t) => {
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

t.test('what the broker will never take is counted once, and holds nobody up', async (t) => {
  const { archive, publisher, watcher, link } = await world(t, ['max_packet_size 4096'])
  archive.commit({ ...frame(0, Date.now()), bits: new Uint8Array(8000) })
  archive.commit(frame(1, Date.now()))
  const connection = await link()
  publisher.attach(connection)
  await until('an empty outbox', () => archive.stats.outboxRows === 0)
  t.strictSame(seqs(watcher, topics.result('cls', 'street')), [0, 1], 'its result went')
  t.equal(watcher.on(topics.result('bits', 'street')).length, 1)
  t.match(publisher.counters, { acked: 1, deadLetters: 1 })
  t.equal(archive.find('street', '0123456789abcdef', 0)!.bytes, 8000, 'the archive keeps it')
  await connection.end()
})

t.test('a frame that could not be stored: its results go now, or it is lost', async (t) => {
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

/** A connection whose PUBACKs come when the test says so. */
function heldLink(receiveMaximum = 65_535) {
  const sent: { topic: string; ack(error?: Error): Promise<void> }[] = []
  const publish = (topic: string) =>
    new Promise<void>((resolve, reject) => {
      const ack = async (error?: Error) => {
        if (error) reject(error)
        else resolve()
        await new Promise(setImmediate)
      }
      sent.push({ topic, ack })
    })
  return { sent, link: { receiveMaximum, publish } as unknown as Link }
}

function stored(t: Test, frames: number) {
  const archive = Archive.open(t.testdir())
  t.teardown(() => archive.close())
  for (const seq of range(0, frames)) archive.commit(frame(seq, Date.now()))
  const publisher = new Publisher(archive, { topics, historyPerSecond: 1 }, silentLog)
  t.teardown(() => publisher.detach())
  return { archive, publisher }
}

t.test('a frame leaves the outbox with the last PUBACK of its messages, not before', async (t) => {
  const { archive, publisher } = stored(t, 1)
  const { sent, link } = heldLink()
  publisher.attach(link)
  t.equal(sent.length, 2)
  await sent[0]!.ack()
  publisher.flush()
  t.equal(archive.stats.outboxRows, 1, 'the bitstream is still on its way')
  await sent[1]!.ack()
  publisher.flush()
  t.equal(archive.stats.outboxRows, 0)
})

t.test('no more is under way than a window, and no more than the broker takes', async (t) => {
  const { publisher } = stored(t, 40)
  const wide = heldLink()
  publisher.attach(wide.link)
  publisher.wake()
  t.equal(wide.sent.length, 16 * 2)
  const narrow = heldLink(6)
  publisher.attach(narrow.link)
  publisher.wake()
  t.equal(narrow.sent.length, 2 * 2)
  for (const { ack } of [...narrow.sent]) await ack()
  t.equal(narrow.sent.length, 4 * 2, 'each PUBACK makes room for the next')
})

t.test('a connection that goes: the acknowledged half goes, the other half goes again', async (t) => {
  const { archive, publisher } = stored(t, 2)
  const first = heldLink()
  publisher.attach(first.link)
  publisher.detach()
  await first.sent[0]!.ack()
  await first.sent[1]!.ack()
  for (const { ack } of first.sent.slice(2)) await ack(new LinkError('lost', 'gone'))
  publisher.flush()
  const again = heldLink()
  publisher.attach(again.link)
  t.equal(again.sent.length, 2)
  t.strictSame(
    archive.unpublished(0, 99, 99).map(({ seq }) => seq),
    [1],
  )
})

t.test(
  'a frame that the broker hangs up on is found, given up once, and the others arrive',
  { timeout: 3_600_000 },
  async (t) => {
    const aedes = await Aedes.createBroker({
      authorizePublish(client, packet, done) {
        if (packet.payload.length > 1900 && packet.payload[0] === 3) client?.close()
        else done(null)
      },
    })
    const server = createServer(aedes.handle).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const archive = Archive.open(t.testdir())
    const publisher = new Publisher(archive, { topics, historyPerSecond: 200 }, silentLog)
    const will = { topic: topics.state(), payload: '{}', delaySeconds: 15 }
    let running = true
    let connects = 0
    const connect = async () => {
      const link = await Link.connect({ url: `mqtt://127.0.0.1:${port}`, keepaliveSeconds: 30 }, 'box', will)
      connects++
      link.onLost(() => {
        publisher.detach()
        if (running) void connect()
      })
      publisher.attach(link)
    }
    t.teardown(async () => {
      running = false
      publisher.detach()
      await new Promise<void>((resolve) => aedes.close(() => resolve()))
      server.close()
      archive.close()
    })
    for (const seq of range(0, 8)) archive.commit(frame(seq, Date.now()))
    await connect()
    await until('an empty outbox', () => archive.stats.outboxRows === 0)
    t.match(publisher.counters, { deadLetters: 1, acked: 7 })
    t.ok(connects <= 7, `${connects} connections`)
  },
)

t.test('what the broker refuses for now stays in the outbox', async (t) => {
  const acl = join(t.testdir({ acl: 'topic read #\ntopic write blindsight/v1/box/state\n' }), 'acl')
  chmodSync(acl, 0o644)
  const { archive, publisher, link } = await world(t, [`acl_file ${acl}`])
  archive.commit(frame(0, Date.now()))
  const connection = await link()
  publisher.attach(connection)
  await until('the refusal', () => publisher.refusedAt > 0)
  t.match(publisher.counters, { published: 1, acked: 0, deadLetters: 0 })
  t.equal(archive.stats.outboxRows, 1)
  await connection.end()
})

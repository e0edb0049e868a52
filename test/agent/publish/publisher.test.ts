/** Archive, publisher and a real connection to a real mosquitto. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Aedes } from 'aedes'
import t, { type Test } from 'tap'
import { Archive } from '../../../agent/archive/archive.js'
import { silentLog } from '../../../agent/log.js'
import { type NewFrame, Part, type Settled } from '../../../agent/outbox.js'
import { Link, LinkError } from '../../../agent/publish/mqtt.js'
import { Publisher, type PublisherOptions } from '../../../agent/publish/publisher.js'
import { Topics } from '../../../contract/topics.js'
import { Mosquitto } from '../../client/mosquitto.js'
import { type Script, ScriptedBroker } from '../../client/scripted.js'
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
  const written: Settled[] = []
  let full = true
  const outbox = {
    unpublished: (after: number) => (after < 1 ? [{ ...frame(0, Date.now()), id: 1 }] : []),
    lastUnpublishedBefore: () => 0,
    settle: (settled: readonly Settled[]) => {
      if (full) throw new Error('database or disk is full')
      written.push(...settled)
    },
  }
  const publisher = new Publisher(outbox, { topics, historyPerSecond: 1 }, silentLog)
  publisher.attach({ receiveMaximum: 99, publish: async () => {} } as unknown as Link)
  await until('the PUBACKs', () => publisher.counters.acked === 1)
  publisher.flush()
  t.strictSame(written, [])
  full = false
  publisher.flush()
  t.strictSame(written, [{ id: 1, parts: Part.cls | Part.bits }])
  publisher.detach()
})

/** A connection whose PUBACKs come when the test says so. */
function heldLink(receiveMaximum = 65_535) {
  const sent: { topic: string; bytes: number; ack(error?: Error): Promise<void> }[] = []
  const publish = (topic: string, payload: string | Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      const ack = async (error?: Error) => {
        if (error) reject(error)
        else resolve()
        await new Promise(setImmediate)
      }
      sent.push({ topic, bytes: payload.length, ack })
    })
  return { sent, link: { receiveMaximum, publish } as unknown as Link }
}

function stored(t: Test, frames: number, more: Partial<PublisherOptions> = {}) {
  const archive = Archive.open(t.testdir())
  t.teardown(() => archive.close())
  for (const seq of range(0, frames)) archive.commit(frame(seq, Date.now()))
  const publisher = new Publisher(archive, { topics, historyPerSecond: 1000, ...more }, silentLog)
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
  const { publisher } = stored(t, 60)
  const wide = heldLink()
  publisher.attach(wide.link)
  publisher.wake()
  t.equal(wide.sent.length, 48)
  const narrow = heldLink(6)
  publisher.attach(narrow.link)
  publisher.wake()
  t.equal(narrow.sent.length, 6)
  for (const { ack } of [...narrow.sent]) await ack()
  t.equal(narrow.sent.length, 12, 'each PUBACK makes room for the next')
})

t.test('what is under way is bounded in bytes, too', async (t) => {
  const { archive, publisher } = stored(t, 0)
  for (const seq of range(0, 10)) archive.commit({ ...frame(seq, Date.now()), bits: new Uint8Array(3e6) })
  const { sent, link } = heldLink()
  publisher.attach(link)
  t.equal(sent.length, 4, 'two frames of 3 MB')
  for (const { ack } of [...sent]) await ack()
  t.equal(sent.length, 8)
})

t.test('a connection that goes: each message that was acknowledged is done with, the others go again', async (t) => {
  const { archive, publisher } = stored(t, 2)
  const first = heldLink()
  publisher.attach(first.link)
  publisher.detach()
  await first.sent[0]!.ack()
  await first.sent[1]!.ack()
  await first.sent[2]!.ack()
  for (const { ack } of first.sent.slice(3)) await ack(new LinkError('lost', 'gone'))
  publisher.flush()
  const again = heldLink()
  publisher.attach(again.link)
  t.strictSame(
    again.sent.map(({ topic }) => topic),
    [topics.result('bits', 'street')],
  )
  t.match(archive.unpublished(0, 99, 99), [{ seq: 1, parts: Part.bits }])
})

const refusal = (topic: string, reason: number) => new LinkError('rejected', `${topic}: no`, reason)

t.test('a topic that is refused is tried by one message at a time; the rest flows, and none goes twice', async (t) => {
  const { archive, publisher } = stored(t, 100, { refusedWaits: { firstMs: 1e6, mostMs: 1e6 } })
  const { sent, link } = heldLink()
  let allowed = false
  const seen: string[] = []
  const answer = async () => {
    for (let one = sent.shift(); one; one = sent.shift()) {
      seen.push(one.topic)
      await one.ack(one.topic.includes('/bits') && !allowed ? refusal(one.topic, 0x87) : undefined)
    }
  }
  const count = (topic: string) => seen.filter((one) => one === topic).length
  publisher.attach(link)
  await answer()
  t.equal(count(topics.result('cls', 'street')), 100)
  const tried = count(topics.result('bits', 'street'))
  t.ok(tried <= 25, `${tried}: those under way with the first`)
  publisher.flush()
  t.equal(archive.stats.outboxRows, 100, 'they wait')
  t.match(publisher.counters, { deadLetters: 0, acked: 0, refused: tried })

  publisher.attach(link) // another connection: one message may try again
  for (const seq of range(100, 110)) archive.commit(frame(seq, Date.now()))
  publisher.wake()
  await answer()
  t.equal(count(topics.result('cls', 'street')), 110)
  t.equal(count(topics.result('bits', 'street')), tried + 1)

  allowed = true
  publisher.attach(link)
  archive.commit(frame(110, Date.now()))
  publisher.wake()
  await until('what waited to go', async () => {
    await answer()
    publisher.flush()
    return archive.stats.outboxRows === 0
  })
  t.match(publisher.counters, { acked: 111, refused: tried + 1, messages: 2 * 111 + tried + 1 })
})

t.test('a quota that is used up is waited for', async (t) => {
  const { archive, publisher } = stored(t, 3)
  const { sent, link } = heldLink()
  publisher.attach(link)
  let full = true
  for (const one of sent.splice(0)) await one.ack(full ? refusal(one.topic, 0x97) : undefined)
  t.equal(publisher.counters.refused, 6)
  full = false
  await until('all', async () => {
    for (const one of sent.splice(0)) await one.ack()
    if (archive.stats.frames < 4) archive.commit(frame(3, Date.now()))
    publisher.wake()
    publisher.flush()
    return archive.stats.outboxRows === 0
  })
})

t.test('too large without a limit that was named: counted once, and nothing of that size is sent again', async (t) => {
  const { archive, publisher } = stored(t, 0)
  for (const seq of range(0, 20))
    archive.commit({ ...frame(seq, Date.now()), bits: new Uint8Array(seq % 2 ? 9000 : 50) })
  const { sent, link } = heldLink(2)
  publisher.attach(link)
  let large = 0
  for (let one = sent.shift(); one; one = sent.shift()) {
    const tooLarge = one.bytes > 5000
    large += Number(tooLarge)
    await one.ack(tooLarge ? refusal(one.topic, 0x95) : undefined)
  }
  publisher.flush()
  t.equal(large, 1)
  t.equal(archive.stats.outboxRows, 0)
  t.match(publisher.counters, { deadLetters: 10, acked: 10, refused: 0 })
})

t.test('another outbox: acknowledgements of the one before touch nothing in it', async (t) => {
  const { archive, publisher } = stored(t, 2)
  const { sent, link } = heldLink()
  publisher.attach(link)
  const before = sent.splice(0)
  publisher.again()
  for (const one of before) await one.ack()
  publisher.flush()
  t.equal(archive.stats.outboxRows, 2)
  t.equal(sent.length, 4)
})

t.test('what was first under way when the connection went does not overtake older history', async (t) => {
  const { archive, publisher } = stored(t, 0)
  for (const seq of range(0, 3)) archive.commit(frame(seq, Date.now() - hour))
  archive.commit(frame(3, Date.now()))
  const first = heldLink()
  publisher.attach(first.link)
  t.match(first.sent, [{ topic: topics.result('cls', 'street') }, { topic: topics.result('bits', 'street') }])
  publisher.detach({ hungUp: true })
  const history: number[] = []
  const publish = async (topic: string, payload: string | Uint8Array) => {
    if (topic === topics.result('cls', 'street', true)) history.push(JSON.parse(String(payload)).seq)
  }
  publisher.attach({ receiveMaximum: 99, publish } as unknown as Link, Date.now() + 60_000)
  await until('all of it', () => publisher.counters.acked === 4)
  t.strictSame(history, [0, 1, 2, 3])
})

t.test(
  'a line that is slower than the cameras: what has waited too long is history, and live frames are new',
  async (t) => {
    let nowMs = Date.now()
    const { archive, publisher } = stored(t, 0, { nowMs: () => nowMs })
    const { sent, link } = heldLink(4)
    publisher.attach(link)
    for (const seq of range(0, 20)) archive.commit(frame(seq, nowMs))
    publisher.wake()
    t.equal(sent.length, 4, 'the window')
    nowMs += 60_000
    archive.commit(frame(20, nowMs))
    const seen: string[] = []
    await until('all', async () => {
      for (const { topic, ack } of sent.splice(0)) {
        seen.push(topic)
        await ack()
      }
      return publisher.counters.acked === 21
    })
    const [live, late] = [false, true].map((hist) =>
      seen.filter((topic) => topic === topics.result('cls', 'street', hist)),
    )
    t.equal(live!.length, 3, 'two at first, and the newest')
    t.equal(late!.length, 18)
    t.equal(publisher.counters.messages, 42, 'none twice')
    publisher.flush()
    t.equal(archive.stats.outboxRows, 0)
  },
)

t.test('live frames on a long line leave history its share of the window', async (t) => {
  const { archive, publisher } = stored(t, 0)
  for (const seq of range(0, 30)) archive.commit(frame(seq, Date.now() - hour))
  for (const seq of range(30, 37)) archive.commit(frame(seq, Date.now()))
  const { sent, link } = heldLink(20)
  publisher.attach(link)
  t.equal(sent.length, 14, 'more than half the window waits for its PUBACKs')
  await until('a full window', () => sent.length === 20)
  t.ok(sent.slice(14).every(({ topic }) => topic.includes('/hist/')))
})

t.test('history leaves live frames half of the window', async (t) => {
  const { archive, publisher } = stored(t, 0)
  for (const seq of range(0, 30)) archive.commit(frame(seq, Date.now() - hour))
  const { sent, link } = heldLink(20)
  publisher.attach(link)
  await until('half a window', () => sent.length === 10)
  for (const seq of range(30, 40)) archive.commit(frame(seq, Date.now()))
  publisher.wake()
  t.equal(sent.length, 20)
  t.ok(sent.slice(10).every(({ topic }) => !topic.includes('/hist/')))
})

t.test('a topic of history that the broker hung up on is tried again without a new connection', async (t) => {
  const { archive, publisher } = stored(t, 0, { refusedWaits: { firstMs: 1000, mostMs: 1000 } })
  for (const seq of range(0, 3)) archive.commit(frame(seq, Date.now() - hour))
  for (let deaths = 0; deaths < 3; deaths++) {
    const { sent, link } = heldLink()
    publisher.attach(link)
    await until('history', () => sent.length > 0)
    publisher.detach({ hungUp: true })
  }
  publisher.attach({ receiveMaximum: 99, publish: async () => {} } as unknown as Link)
  await until('all of it', () => publisher.counters.acked === 3)
  t.match(publisher.counters, { deadLetters: 0 })
})

t.test('a frame that the broker hangs up on is found, given up once, and the others arrive', async (t) => {
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
  const refusedWaits = { firstMs: 200, mostMs: 1000 }
  const publisher = new Publisher(archive, { topics, historyPerSecond: 200, refusedWaits }, silentLog)
  const will = { topic: topics.state(), payload: '{}', delaySeconds: 15 }
  let running = true
  let connects = 0
  const connect = async () => {
    const link = await Link.connect({ url: `mqtt://127.0.0.1:${port}`, keepaliveSeconds: 30 }, 'box', will)
    connects++
    link.onLost((_, loss) => {
      publisher.detach(loss)
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
  let seq = 8
  await until('an empty outbox', () => {
    if (archive.stats.outboxRows === 0) return true
    archive.commit(frame(seq++, Date.now()))
    publisher.wake()
    return false
  })
  t.match(publisher.counters, { deadLetters: 1, acked: seq - 1 })
  // Nine where nothing else is under way; a slow machine has more frames beside it.
  t.ok(connects <= 40, `${connects} connections`)
})

t.test('a broker that has died five times with the same message under way has not refused it', async (t) => {
  const { archive, publisher } = stored(t, 1, { refusedWaits: { firstMs: 1, mostMs: 1 }, nobodyTriedMs: 100 })
  const isBits = (topic: string) => /bits/.test(topic)
  const isFirst = (topic: string, payload: string | Uint8Array) => isBits(topic) && payload[0] === 0
  /** @param takes whether it acknowledges this message; it dies with the first that it does not */
  const connection = async (takes: (topic: string, payload: string | Uint8Array) => boolean) => {
    await new Promise<void>((died) => {
      const publish = async (topic: string, payload: string | Uint8Array) => {
        if (takes(topic, payload)) return
        died()
        await new Promise(() => {})
      }
      publisher.attach({ receiveMaximum: 1, publish } as unknown as Link)
    })
    publisher.detach({ hungUp: true })
    await new Promise((resolve) => setTimeout(resolve, 3)) // what is held is due
  }
  for (let deaths = 0; deaths < 3; deaths++) await connection((topic) => !isBits(topic))
  const more = setInterval(() => {
    archive.commit({ ...frame(1 + archive.stats.frames, Date.now()), bits: new Uint8Array(2000).fill(1) })
    publisher.wake()
  }, 5)
  t.teardown(() => clearInterval(more))
  await connection((topic, payload) => !isFirst(topic, payload)) // it was well for a while
  for (let deaths = 0; deaths < 20; deaths++) await connection(() => false)
  t.equal(publisher.counters.deadLetters, 0)
  publisher.attach({ receiveMaximum: 99, publish: async () => {} } as unknown as Link)
  await until('the frame', () => {
    publisher.flush()
    return archive.unpublished(0, 1, 1).length === 0
  })
  clearInterval(more)
  t.equal(publisher.counters.deadLetters, 0)
})

t.test(
  'a broker that hangs up behind its refusals: what it refuses is not tried on every connection, and nothing else is blamed',
  async (t) => {
    const script: Record<string, NonNullable<Script['publish']>> = {
      'by topic': ({ topic }) => (/bits/.test(topic) ? { refuse: 0x87 } : 0),
      'by size': ({ payload }) => (payload.length > 1900 ? { refuse: 0x95 } : 0),
    }
    for (const [what, publish] of Object.entries(script)) {
      const broker = await ScriptedBroker.start({ publish })
      const archive = Archive.open(t.testdir())
      const publisher = new Publisher(archive, { topics, historyPerSecond: 200 }, silentLog)
      const will = { topic: topics.state(), payload: '{}', delaySeconds: 15 }
      let running = true
      const connect = async () => {
        const link = await Link.connect({ url: broker.url, keepaliveSeconds: 30 }, 'box', will)
        link.onLost((_, loss) => {
          publisher.detach(loss)
          if (running) void connect()
        })
        publisher.attach(link)
      }
      await connect()
      const cls = topics.result('cls', 'street')
      for (const seq of range(0, 30)) {
        archive.commit(frame(seq, Date.now()))
        publisher.wake()
        await until(`result ${seq}`, () =>
          broker.on(cls).some(({ payload }) => JSON.parse(String(payload)).seq === seq),
        )
      }
      t.ok(broker.connects.length <= 3, `${what}: ${broker.connects.length} connections`)
      t.ok(broker.on(/bits/).length <= 3, `${what}: ${broker.on(/bits/).length} bitstreams tried`)
      running = false
      publisher.detach()
      await broker.stop()
      archive.close()
    }
  },
)

t.test('what the broker refuses for now stays in the outbox', async (t) => {
  const acl = join(t.testdir({ acl: 'topic read #\ntopic write blindsight/v1/box/state\n' }), 'acl')
  const { archive, publisher, link } = await world(t, [`acl_file ${acl}`])
  archive.commit(frame(0, Date.now()))
  const connection = await link()
  publisher.attach(connection)
  await until('the refusal', () => publisher.counters.refused > 0)
  t.match(publisher.counters, { published: 1, acked: 0, deadLetters: 0 })
  t.equal(archive.stats.outboxRows, 1)
  await connection.end()
})

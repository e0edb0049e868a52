/** One connection to a real mosquitto: its limits, its refusals and its end. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import t, { type Test } from 'tap'
import { type Broker, Link } from '../../../agent/publish/mqtt.js'
import { type BrokerOptions, Mosquitto } from '../../client/mosquitto.js'
import { Subscriber } from '../../e2e/subscriber.js'
import { until } from '../../e2e/until.js'

const will = { topic: 'box/state', payload: '{}', delaySeconds: 15 }
const connect = (url: string, more: Partial<Broker> = {}, id = 'box') =>
  Link.connect({ url, keepaliveSeconds: 30, ...more }, id, will)

async function mosquitto(t: Test, options: BrokerOptions = {}) {
  const broker = await Mosquitto.start(options)
  t.teardown(() => broker.stop())
  return broker
}

t.test('MQTT 5: what is said about a message arrives with it', async (t) => {
  const broker = await mosquitto(t)
  const watcher = await Subscriber.start({ port: broker.port, version: '5', filters: ['box/#'] })
  t.teardown(() => watcher.stop())
  const link = await connect(broker.url)
  t.equal(link.protocol, 5)
  const correlationData = Buffer.from('c1')
  await link.publish('box/json', '{}', { qos: 1, properties: { correlationData } })
  await link.publish('box/bits', Uint8Array.of(0, 255), { qos: 1, properties: { contentType: 'a/b' } })
  await until('both', () => watcher.messages.length === 2)
  t.match(watcher.on('box/json')[0], { contentType: 'application/json', correlation: 'c1' })
  t.match(watcher.on('box/bits')[0], { contentType: 'a/b', payload: Buffer.of(0, 255) })
  await link.end()
})

t.test('a part of a larger buffer is sent as that part', async (t) => {
  const broker = await mosquitto(t)
  const link = await connect(broker.url)
  const incoming = new Promise<Buffer>((resolve) => link.onMessage(({ payload }) => resolve(payload)))
  await link.subscribe('box/bits')
  await link.publish('box/bits', Uint8Array.of(9, 1, 2, 9).subarray(1, 3), { qos: 1 })
  t.strictSame([...(await incoming)], [1, 2])
  await link.end()
})

t.test('too large for the broker: refused here, and the connection stays', async (t) => {
  const broker = await mosquitto(t, { config: ['max_packet_size 4096'] })
  const link = await connect(broker.url)
  t.equal(link.maximumPacketSize, 4096)
  const large = link.publish('box/bits', new Uint8Array(4000), { qos: 1 })
  await t.rejects(large, { name: 'LinkError', code: 'too_large', message: /box\/bits: 4000 bytes.* 4096/ })
  await link.publish('box/bits', new Uint8Array(3000), { qos: 1 })
  await link.end()
})

t.test('who cannot get in is told the address and the reason, never the password', async (t) => {
  const broker = await mosquitto(t, { user: { name: 'gate', password: 'right' } })
  const error = await connect(broker.url, { username: 'gate', password: 'wr0ng' }).catch((e: Error) => e)
  t.match(error, { code: 'refused', message: /^mqtt:\/\/127\.0\.0\.1:\d+: .*refused.*check username/ })
  t.notMatch((error as Error).message, 'wr0ng')
  await t.rejects(connect('mqtt://127.0.0.1:9'), { code: 'unreachable', message: /127\.0\.0\.1:9.*ECONNREFUSED/ })
  const link = await connect(broker.url, { username: 'gate', password: 'right' })
  await link.end()
})

t.test('two boxes with one name: a broker that gives the reason is understood', async (t) => {
  const accepted = Buffer.of(0x20, 3, 0, 0, 0)
  const takenOver = Buffer.of(0xe0, 1, 0x8e)
  // mosquitto 2.0.11 ends the older connection without a word.
  const broker = createServer((socket) => socket.once('data', () => socket.end(Buffer.concat([accepted, takenOver]))))
  await once(broker.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => broker.close())
  const { port } = broker.address() as AddressInfo
  const link = await connect(`mqtt://127.0.0.1:${port}`)
  t.match(await new Promise((resolve) => link.onLost(resolve)), /same client id/)
})

t.test('a lost connection settles what waits, and takes nothing more', async (t) => {
  const broker = await mosquitto(t)
  const link = await connect(broker.url)
  const reasons: string[] = []
  link.onLost((reason) => reasons.push(reason))
  const dead = broker.kill()
  const sent = await Promise.allSettled(
    Array.from({ length: 20 }, () => link.publish('box/bits', new Uint8Array(100_000), { qos: 1 })),
  )
  await dead
  await until('the loss', () => reasons.length > 0)
  t.ok(sent.some(({ status }) => status === 'rejected'))
  for (const one of sent) if (one.status === 'rejected') t.equal(one.reason.code, 'lost')
  await t.rejects(link.publish('box/bits', 'x', { qos: 1 }), { code: 'lost' })
  await t.rejects(link.subscribe('box/#'), { code: 'lost' })
  t.equal(reasons.length, 1)
})

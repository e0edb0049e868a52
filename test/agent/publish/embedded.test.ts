/** The broker inside, spoken to by mosquitto's own subscriber. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import t from 'tap'
import { startEmbeddedBroker } from '../../../agent/publish/embedded.js'
import { Link } from '../../../agent/publish/mqtt.js'
import { freePort } from '../../client/mosquitto.js'
import { Subscriber } from '../../e2e/subscriber.js'
import { until } from '../../e2e/until.js'

const will = { topic: 'box/state', payload: 'offline', delaySeconds: 0 }
const portOf = (url: string) => Number(new URL(url).port)

t.test('MQTT 3.1.1: publish, keep, and the will of who vanishes', async (t) => {
  const broker = await startEmbeddedBroker(0)
  t.teardown(() => broker.stop())
  const link = await Link.connect({ url: broker.url, keepaliveSeconds: 30 }, 'box', will)
  t.equal(link.protocol, 4, 'aedes refuses 5, and the link tries again')
  await link.publish('box/info', 'kept', { qos: 1, retain: true })
  const watcher = await Subscriber.start({ port: portOf(broker.url), version: '311', filters: ['box/#'] })
  t.teardown(() => watcher.stop())
  await until('the retained message', () => watcher.on('box/info').length > 0)
  t.match(watcher.on('box/info')[0], { retained: true, payload: Buffer.from('kept') })
  link.drop()
  await until('the will', () => watcher.on('box/state').length > 0)
  t.equal(watcher.on('box/state')[0]!.payload.toString(), 'offline')
})

t.test('on the port that was asked for, or on a free one, and never outside the box', async (t) => {
  const port = await freePort()
  const [first, second] = [await startEmbeddedBroker(port), await startEmbeddedBroker(port)]
  t.teardown(() => Promise.all([first.stop(), second.stop()]))
  t.equal(first.url, `mqtt://127.0.0.1:${port}`)
  t.not(second.url, first.url)
  t.ok(portOf(second.url) > 0)
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
  for (const { address } of outside) {
    const [error] = await once(connect(port, address), 'error')
    t.equal(error.code, 'ECONNREFUSED', address)
  }
})

t.test('stop ends connections, and the port is free again', async (t) => {
  const broker = await startEmbeddedBroker(0)
  const link = await Link.connect({ url: broker.url, keepaliveSeconds: 30 }, 'box', will)
  const lost = new Promise<string>((resolve) => link.onLost(resolve))
  await broker.stop()
  t.ok(await lost)
  const again = await startEmbeddedBroker(portOf(broker.url))
  t.equal(again.url, broker.url)
  await again.stop()
})

t.test('who goes away leaves nothing behind', async (t) => {
  const broker = await startEmbeddedBroker(0)
  t.teardown(() => broker.stop())
  const args = ['-c', '-i', 'gone']
  const watcher = await Subscriber.start({ port: portOf(broker.url), version: '311', filters: ['box/#'], args })
  await watcher.stop()
  const link = await Link.connect({ url: broker.url, keepaliveSeconds: 30 }, 'box', will)
  for (let seq = 0; seq < 300; seq++) await link.publish('box/cls', String(seq), { qos: 1 })
  const again = await Subscriber.start({ port: portOf(broker.url), version: '311', filters: ['box/#'], args })
  t.teardown(() => again.stop())
  await link.publish('box/cls', 'now', { qos: 1 })
  await until('what comes now', () => again.messages.length > 0)
  t.equal(again.messages[0]!.payload.toString(), 'now')
  await link.end()
})

t.test('a subscriber that is frozen is thrown out, and nobody waits for it', async (t) => {
  const broker = await startEmbeddedBroker(0, { stalledMs: 1000 })
  t.teardown(() => broker.stop())
  const port = portOf(broker.url)
  const sockets: [string, Subscriber][] = []
  for (const qos of ['0', '1']) {
    const frozen = await Subscriber.start({ port, version: '311', filters: ['box/#'], args: ['-q', qos] })
    frozen.freeze()
    sockets.push([qos, frozen])
  }
  t.teardown(() => Promise.all(sockets.map(([, frozen]) => frozen.stop())))
  const well = await Subscriber.start({ port, version: '311', filters: ['box/#'] })
  t.teardown(() => well.stop())
  const link = await Link.connect({ url: broker.url, keepaliveSeconds: 30 }, 'box', will)
  let sent = 0
  const bits = new Uint8Array(100_000)
  await until('both to be thrown out', async () => {
    await link.publish('box/bits', bits, { qos: 1 })
    sent++
    return broker.clients === 2
  })
  await until('all of it where nobody is frozen', () => well.messages.length === sent)
  t.ok(sent < 1000, `${sent} messages of 100 kB`)
  await link.end()
})

t.test(
  'a client that floods waits itself, one that dawdles over its CONNECT goes, so does one with a huge packet',
  async (t) => {
    const broker = await startEmbeddedBroker(0, {
      connectMs: 500,
      maxPerSecond: 100,
      maxPacketBytes: 10_000,
      maxClients: 5,
    })
    t.teardown(() => broker.stop())
    const port = portOf(broker.url)
    const dawdler = connect(port, '127.0.0.1')
    dawdler.write(Buffer.of(0x10, 20, 0))
    await once(dawdler.resume(), 'close')
    const link = await Link.connect({ url: broker.url, keepaliveSeconds: 30 }, 'box', will)
    const began = performance.now()
    await Promise.all(Array.from({ length: 300 }, (_, i) => link.publish('box/flood', String(i), { qos: 1 })))
    t.ok(performance.now() - began > 1500, 'no faster than it may')
    const large = link.publish('box/bits', new Uint8Array(200_000), { qos: 1 })
    await t.rejects(large, { code: 'lost' })
    const crowd = Array.from({ length: 8 }, () => connect(port, '127.0.0.1'))
    const closed = crowd
      .filter((socket) => socket.on('close', () => {}))
      .map((socket) => once(socket.resume(), 'close'))
    await Promise.any(closed)
    for (const socket of crowd) socket.destroy()
  },
)

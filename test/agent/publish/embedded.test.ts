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

/** What is retained about the box, on a real mosquitto that dies and comes back with nothing kept. */
import t, { type Test } from 'tap'
import { silentLog } from '../../../agent/log.js'
import { Link } from '../../../agent/publish/mqtt.js'
import { Presence } from '../../../agent/publish/presence.js'
import { Topics } from '../../../contract/topics.js'
import { Mosquitto } from '../../client/mosquitto.js'
import { Subscriber } from '../../e2e/subscriber.js'
import { until } from '../../e2e/until.js'

const will = { topic: 'viewer', payload: '', delaySeconds: 0 }
const topics = new Topics('blindsight', 'box')

async function world(t: Test) {
  const broker = await Mosquitto.start()
  const events: string[] = []
  const waits: unknown[] = []
  const log = {
    ...silentLog,
    debug: (fields: object) => void ('retryMs' in fields && waits.push(fields.retryMs)),
    error: (_: object, text: string) => void events.push(`error: ${text}`),
  }
  const presence = new Presence({ url: broker.url, keepaliveSeconds: 30 }, topics, log, {
    connected: () => events.push('connected'),
    lost: () => events.push('lost'),
    request: ({ topic, payload }) => events.push(`${topic} ${payload}`),
  })
  t.teardown(async () => {
    await presence.stop()
    await broker.stop()
  })
  const watch = async () => {
    const watcher = await Subscriber.start({ port: broker.port, version: '5', filters: ['#'] })
    t.teardown(() => watcher.stop())
    return watcher
  }
  const connected = (times: number) =>
    until('the connection', () => events.filter((e) => e === 'connected').length === times)
  return { broker, presence, events, waits, watch, connected }
}

const states = (watcher: Subscriber) => watcher.json(topics.state()).map(({ state }) => state)

t.test('on every connection everything retained is said again', async (t) => {
  const { broker, presence, events, watch, connected } = await world(t)
  presence.setState('starting')
  presence.announce(topics.info(), { v: 1 })
  presence.start()
  presence.start()
  await connected(1)
  presence.setState('online')
  presence.announce(topics.camState('street'), { state: 'online' })

  await broker.kill()
  await until('the loss', () => events.includes('lost'))
  t.equal(presence.connectedSince, undefined)
  presence.setState('degraded', 'archive: full')
  await broker.up()
  await connected(2)
  const watcher = await watch()
  await until('the retained messages', () => watcher.messages.length >= 3)
  t.match(watcher.json(topics.state())[0], { state: 'degraded', reason: 'archive: full', session: presence.session })
  t.ok(watcher.on(topics.camState('street'))[0]!.retained)
  t.ok(watcher.on(topics.info())[0]!.retained)
  t.equal(presence.connects, 2)
})

t.test('requests come through; stopping says stopped, and the will stays unsaid', async (t) => {
  const { broker, presence, events, watch, connected } = await world(t)
  presence.setState('online')
  presence.start()
  await connected(1)
  const watcher = await watch()
  const asking = await Link.connect({ url: broker.url, keepaliveSeconds: 30 }, 'viewer', will)
  await asking.publish(topics.request('list'), '{}', { qos: 1 })
  await asking.end()
  await until('the request', () => events.includes(`${topics.request('list')} {}`))
  await presence.stop()
  await presence.stop()
  await until('the end', () => states(watcher).includes('stopped'))
  t.strictSame(states(watcher), ['online', 'stopped'])
})

t.test('no broker at the start: said once, tried again, and there when it comes', async (t) => {
  const { broker, presence, events, waits, watch, connected } = await world(t)
  await broker.kill()
  presence.setState('online')
  presence.start()
  await until('an attempt in vain', () => presence.lastError !== '')
  t.match(presence.lastError, /cannot connect/)
  await until('another', () => waits.length > 1)
  t.strictSame(events, ['error: not connected to the broker; capture and archive go on'])
  await broker.up()
  await connected(1)
  t.equal(presence.lastError, '')
  const watcher = await watch()
  await until('the state', () => states(watcher).includes('online'))
})

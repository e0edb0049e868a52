/** What is retained about the box, on a real mosquitto that dies and comes back with nothing kept. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { silentLog } from '../../../agent/log.js'
import { Link } from '../../../agent/publish/mqtt.js'
import { Presence, type PresenceOptions } from '../../../agent/publish/presence.js'
import { Topics } from '../../../contract/topics.js'
import { Mosquitto } from '../../client/mosquitto.js'
import { ScriptedBroker } from '../../client/scripted.js'
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

function scripted(t: Test, broker: ScriptedBroker, options: PresenceOptions = {}) {
  const said: string[] = []
  const log = {
    ...silentLog,
    warn: (fields: object, text: string) => void said.push(`${text} ${JSON.stringify(fields)}`),
  }
  let connected = 0
  const events = { connected: () => connected++, lost: () => {}, request: () => {} }
  const presence = new Presence({ url: broker.url, keepaliveSeconds: 30 }, topics, log, events, options)
  t.teardown(async () => {
    await presence.stop()
    await broker.stop()
  })
  presence.setState('online')
  presence.announce(topics.info(), { v: 1 })
  presence.announce(topics.camState('street'), { state: 'online' })
  presence.start()
  const limited = () => said.filter((line) => line.startsWith('the broker does not give the full service'))
  return { presence, limited, connects: () => connected }
}

t.test('a broker that keeps nothing: the states are said again', async (t) => {
  const properties = { retainAvailable: false }
  const broker = await ScriptedBroker.start({ connect: ({ will }) => (will?.retain ? 0x9a : { code: 0, properties }) })
  const { presence, limited } = scripted(t, broker, { refreshMs: 50 })
  await until('the second time', () => broker.on(topics.camState('street')).length > 1)
  t.ok(broker.published.every(({ retain }) => !retain))
  t.equal(limited().length, 1)
  t.match(presence.reason, /retained messages: the broker keeps none/)
  t.equal(presence.shown.state, 'online', 'it is what the broker is like')
})

t.test('a state topic that is refused: said once, the others go, and the box is degraded', async (t) => {
  const broker = await ScriptedBroker.start({ publish: ({ topic }) => (topic === topics.info() ? 0x87 : 0) })
  const { presence, limited, connects } = scripted(t, broker, { refreshMs: 30, degradedMs: 0 })
  await until('the connection', () => connects() === 1)
  await until('the degraded state', () =>
    broker.on(topics.state()).some(({ payload }) => /degraded/.test(`${payload}`)),
  )
  t.equal(broker.on(topics.info()).length, 1, 'it is not tried at every refresh')
  t.equal(limited().length, 1)
  t.match(presence.shown, { state: 'degraded', reason: /broker: .*info.*write the topic/ })
})

t.test('no wildcards, or not these requests', async (t) => {
  const broker = await ScriptedBroker.start({ subscribe: (filter) => (/\+|pin$/.test(filter) ? 0x87 : 1) })
  const { presence, connects } = scripted(t, broker)
  await until('the connection', () => connects() === 1)
  t.ok(broker.subscribed.includes(topics.request('list')))
  t.match(presence.reason, /req\/\+: .*read the topic.*answers no such requests/)
})

t.test('3.1.1, and it hangs up on whatever is retained', async (t) => {
  const broker = await ScriptedBroker.start({
    connect: ({ protocolVersion }) => (protocolVersion === 5 ? 0x84 : 0),
    publish: ({ retain }) => (retain ? 'hang_up' : 0),
  })
  const { presence, connects } = scripted(t, broker)
  await until('a connection that is good', () => connects() > 0)
  t.match(presence.reason, /keeps none/)
  t.ok(broker.on(topics.camState('street')).length > 0)
})

t.test('a state topic that the broker hangs up on is found and left out', async (t) => {
  const broker = await ScriptedBroker.start({ publish: ({ topic }) => (topic === topics.info() ? 'hang_up' : 0) })
  const { presence, connects } = scripted(t, broker)
  await until('a connection that is good', () => connects() > 0)
  t.match(presence.reason, /info: the broker hangs up/)
  t.ok(broker.connects.length <= 8, `${broker.connects.length} connections`)
})

t.test(
  'a broker that refuses a state topic and hangs up behind it is not asked again on every connection',
  async (t) => {
    const refused = ({ topic }: { topic: string }) => (topic === topics.info() ? { refuse: 0x87 } : 0)
    const broker = await ScriptedBroker.start({ publish: refused })
    const { presence, limited, connects } = scripted(t, broker)
    await until('a connection that is good', () => connects() > 0)
    t.match(presence.reason, /info: .*write the topic/)
    t.equal(limited().length, 1)
    t.equal(broker.connects.length, 2)
  },
)

t.test('names that are gone are taken back, also after a restart, and again for a late will', async (t) => {
  const announcedFile = join(t.testdir(), 'announced.json')
  const old = new Topics('blindsight', 'old')
  writeFileSync(announcedFile, JSON.stringify([old.state(), topics.camState('gone'), topics.health()]))
  const broker = await ScriptedBroker.start()
  const { presence } = scripted(t, broker, { announcedFile, lateWillMs: 100 })
  const taken = (topic: string) =>
    broker.on(topic).filter(({ payload, retain }) => retain && payload.length === 0).length
  await until('both times', () => taken(old.state()) === 2 && taken(topics.camState('gone')) === 2)
  t.equal(taken(topics.health()), 0, 'that one is still ours')
  await until('the file', () => !readFileSync(announcedFile, 'utf8').includes('gone'))
  presence.retire(topics.camState('street'))
  await until('a camera that goes while it runs', () => taken(topics.camState('street')) === 1)
})

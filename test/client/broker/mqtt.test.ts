import t, { type Test } from 'tap'
import { startEmbeddedBroker } from '../../../agent/publish/embedded.js'
import { type BrokerSettings, connectBroker, type Message } from '../../../client/broker/mqtt.js'
import { until } from '../../e2e/until.js'
import { Mosquitto } from '../mosquitto.js'
import { type Script, ScriptedBroker } from '../scripted.js'

const reply = { topic: 'answers/me', correlation: Buffer.from('question 1') }

async function connected(t: Test, settings: Partial<BrokerSettings> & { url: string }) {
  const messages: Message[] = []
  const losses: string[] = []
  const connection = await connectBroker(
    { clientId: `t-${Math.random().toString(36).slice(2)}`, sessionSeconds: 60, ...settings },
    { message: (message) => void messages.push(message), lost: (reason) => void losses.push(reason) },
  )
  t.teardown(() => connection.close())
  return { connection, messages, losses }
}

t.test('what is published comes, with what answers need', async (t) => {
  const broker = await Mosquitto.start()
  t.teardown(() => broker.stop())
  const { connection, messages } = await connected(t, { url: broker.url })
  t.match(connection, { version: '5', shares: true })
  await connection.subscribe(['questions/#'])
  await connection.publish('questions/1', '{"a":1}', reply)
  await until('it to come', () => messages.length > 0)
  t.match(messages[0], { topic: 'questions/1', acknowledge: undefined })
  t.equal(Buffer.from(messages[0].payload).toString(), '{"a":1}')
  t.equal(Buffer.from(messages[0].correlation!).toString(), 'question 1')
})

t.test('what was not acknowledged comes again on the next connection, and what was does not', async (t) => {
  const broker = await Mosquitto.start()
  t.teardown(() => broker.stop())
  const mine = { url: broker.url, clientId: 'collector', durable: true, unacknowledged: 10 }
  const first = await connected(t, mine)
  await first.connection.subscribe(['q/#'])
  for (const name of ['a', 'b']) await first.connection.publish(`q/${name}`, name, reply)
  await until('both', () => first.messages.length === 2)
  first.messages[0].acknowledge!()
  await first.connection.close()
  const second = await connected(t, mine)
  await until('the other one', () => second.messages.length > 0)
  t.strictSame(
    second.messages.map(({ topic }) => topic),
    ['q/b'],
  )
  // Of the connection before: it would mean another message.
  first.messages[1].acknowledge!()
})

t.test('a broker of MQTT 3.1.1 is spoken to as one', async (t) => {
  const embedded = await startEmbeddedBroker(0)
  t.teardown(() => embedded.stop())
  const { connection, messages } = await connected(t, { url: embedded.url })
  t.match(connection, { version: '3.1.1', shares: false })
  await connection.subscribe(['q/#'])
  await connection.publish('q/a', 'x', reply)
  await until('it to come', () => messages.length > 0)
  t.equal(messages[0].correlation, undefined)
})

t.test('how a connection fails, and whether trying again can help', async (t) => {
  const failing = async (script: Script) => {
    const broker = await ScriptedBroker.start(script)
    t.teardown(() => broker.stop())
    return connected(t, { url: broker.url }).catch((error) => error)
  }
  t.match(await failing({ connect: () => 135 }), { name: 'BrokerError', code: 'refused', recoverable: false })
  t.match(await failing({ connect: () => 134 }), { code: 'refused' })
  t.match(await failing({ connect: () => 136 }), { code: 'unreachable', recoverable: true })
  t.match(await failing({ connect: () => 'hang_up' }), { code: 'unreachable', recoverable: true })
  t.match(await failing({ connect: ({ protocolVersion }) => (protocolVersion === 5 ? 132 : 1) }), { code: 'protocol' })
  const away = await connected(t, { url: 'mqtt://127.0.0.1:1' }).catch((error) => error)
  t.match(away, { code: 'unreachable', message: /ECONNREFUSED/ })
})

t.test('a filter that is denied is named, and a lost connection is told once', async (t) => {
  const broker = await ScriptedBroker.start({
    subscribe: (filter) => (filter === 'secret/#' ? 135 : 1),
    publish: () => ({ disconnect: 142 }),
  })
  t.teardown(() => broker.stop())
  const { connection, losses } = await connected(t, { url: broker.url, clientId: 'me' })
  await connection.subscribe(['open/#'])
  await t.rejects(connection.subscribe(['secret/#']), { code: 'refused', message: /secret\/#/ })
  await t.rejects(connection.publish('x', '{}', reply), { code: 'lost' })
  await until('the loss', () => losses.length > 0)
  t.strictSame(losses, ['another client has come with the same name, me'])
  await t.rejects(connection.publish('x', '{}', reply), { code: 'lost', message: 'not connected' })
})

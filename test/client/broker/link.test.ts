import t, { type Test } from 'tap'
import { Link } from '../../../client/broker/link.js'
import type { Connection } from '../../../client/broker/mqtt.js'
import type { Failure } from '../../../client/failure.js'
import { until } from '../../e2e/until.js'
import { freePort } from '../mosquitto.js'
import { type Script, ScriptedBroker } from '../scripted.js'

function setting(t: Test, url: string, filters: readonly string[] | ((c: Connection) => readonly string[]) = ['a/+']) {
  const notices: [string, boolean][] = []
  const ends: Failure[] = []
  const link = new Link({ url, clientId: 'me', sessionSeconds: 0 }, filters, {
    message: () => {},
    notice: (text, connected) => void notices.push([text, connected]),
    ended: (failure) => void ends.push(failure),
  })
  t.teardown(() => link.stop())
  return { link, notices, ends }
}
async function brokerOf(t: Test, script: Script = {}) {
  const broker = await ScriptedBroker.start(script)
  t.teardown(() => broker.stop())
  return broker
}

t.test('subscribes on every connection, also after one that was lost', async (t) => {
  let hangUp = true
  const broker = await brokerOf(t, { publish: () => (hangUp ? 'hang_up' : 0) })
  const { link, notices, ends } = setting(t, `${broker.url}`)
  await link.start()
  t.strictSame(broker.subscribed, ['a/+'])
  const reply = { topic: 'r', correlation: Buffer.from('c') }
  await t.rejects(link.publish('x', '{}', reply), { name: 'BrokerError', code: 'lost' })
  hangUp = false
  await until('it to be there again', () => notices.some(([, connected]) => connected))
  t.match(notices, [
    [/^connection to mqtt:\/\/127\.0\.0\.1:\d+ lost \(.*\), coming back$/, false],
    [/again$/, true],
  ])
  t.strictSame(broker.subscribed, ['a/+', 'a/+'])
  await link.publish('x', '{}', reply)
  t.strictSame(ends, [])
})

t.test('a broker that will not have it back ends it', async (t) => {
  let allowed = true
  const broker = await brokerOf(t, {
    connect: () => (allowed ? 0 : 135),
    publish: () => {
      allowed = false
      return 'hang_up'
    },
  })
  const { link, ends } = setting(t, broker.url)
  await link.start()
  await link.publish('x', '{}', { topic: 'r', correlation: Buffer.from('c') }).catch(() => {})
  await until('its end', () => ends.length > 0)
  t.match(ends, [{ code: 'broker', message: /^the broker refused, mqtt:\/\/127.*check --username, --password/ }])
})

t.test('what to subscribe to may depend on the broker', async (t) => {
  const properties = { sharedSubscriptionAvailable: false }
  const broker = await brokerOf(t, { connect: () => ({ code: 0, properties }) })
  const { link } = setting(t, broker.url, ({ shares, version }) => [`${version}/${shares}`])
  await link.start()
  t.strictSame(broker.subscribed, ['5/false'])
})

t.test('a start that fails says where, without the password; a patient one goes on in the background', async (t) => {
  const port = await freePort()
  const url = `mqtt://me:secret@127.0.0.1:${port}`
  const { link } = setting(t, url)
  const error: Failure = await link.start().catch((cause) => cause)
  t.match(error, {
    code: 'broker',
    message: new RegExp(`^no connection to the broker, mqtt://127.0.0.1:${port}: .*check --broker`),
  })
  t.notMatch(error.message, /secret/)
  const patient = setting(t, url)
  await patient.link.startPatiently()
  t.match(patient.notices, [[/^no connection to the broker/, false]])
  t.strictSame(patient.ends, [])
  const refusing = await brokerOf(t, { connect: () => 135 })
  const refused = setting(t, refusing.url)
  await refused.link.startPatiently()
  t.match(refused.ends, [{ code: 'broker' }])
})

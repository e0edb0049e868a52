/** Connections to brokers that do not take everything: what they are asked for next, and what is said. */
import t, { type Test } from 'tap'
import { type Broker, Link } from '../../../agent/publish/mqtt.js'
import { bestTerms, weakerTerms } from '../../../agent/publish/terms.js'
import { type Script, ScriptedBroker } from '../../client/scripted.js'
import { until } from '../../e2e/until.js'

const will = { topic: 'box/state', payload: '{}', delaySeconds: 15 }

async function scripted(t: Test, script: Script) {
  const broker = await ScriptedBroker.start(script)
  t.teardown(() => broker.stop())
  const connect = (more: Partial<Broker> = {}, id = 'box') =>
    Link.connect({ url: broker.url, keepaliveSeconds: 30, ...more }, id, will)
  return { broker, connect }
}

t.test('what is asked for after a refusal, and when there is nothing left', async (t) => {
  const best = bestTerms('box')
  t.match(weakerTerms(best, { code: 'refused', reason: 0x9a }), { protocol: 5, will: { retain: false, qos: 1 } })
  t.match(weakerTerms(best, { code: 'refused', reason: 0x9b }), { will: { retain: true, qos: 0 } })
  t.equal(weakerTerms(best, { code: 'refused', reason: 0x87 })!.will, undefined)
  t.equal(weakerTerms({ ...best, will: undefined }, { code: 'refused', reason: 0x87 }), undefined)
  t.equal(weakerTerms(best, { code: 'refused', reason: 0x85 })!.clientId, '')
  t.equal(weakerTerms(best, { code: 'hung_up' })!.protocol, 4)
  t.equal(weakerTerms({ ...best, protocol: 4 }, { code: 'hung_up' })!.will, undefined)
  t.equal(weakerTerms(best, { code: 'refused', reason: 0x8a }), undefined)
  t.equal(weakerTerms(best, { code: 'unreachable' }), undefined)
})

t.test('a will that is not taken: retained, with QoS 1, at all', async (t) => {
  const { broker, connect } = await scripted(t, {
    connect: ({ will }) => (will?.retain ? 0x9a : will?.qos ? 0x9b : 0),
  })
  const link = await connect()
  t.equal(broker.connects.length, 3)
  t.match(broker.connects[2].will, { topic: 'box/state', retain: false, qos: 0 })
  await link.end()
})

t.test('3.1.1, and the will is what it hangs up on', async (t) => {
  const { broker, connect } = await scripted(t, {
    connect: ({ protocolVersion, will }) => (protocolVersion === 5 || will ? 'hang_up' : 0),
  })
  const link = await connect()
  t.equal(link.protocol, 4)
  t.equal(broker.connects.length, 3)
  await link.end()
})

t.test('a client id that is not taken: the broker makes one', async (t) => {
  const { broker, connect } = await scripted(t, {
    connect: ({ clientId }) => (clientId ? 0x85 : { code: 0, properties: { assignedClientIdentifier: 'auto-1' } }),
  })
  const link = await connect()
  t.equal(link.terms.clientId, '')
  t.equal(broker.connects[1].clientId, '')
  await link.end()
})

for (const [code, properties, says] of [
  [0x87, {}, /not authorised.*mqtt\.clientId.*\[0x87\]/],
  [0x86, {}, /wrong user name or password/],
  [0x88, {}, /not available; it is tried again/],
  [0x89, {}, /busy/],
  [0x8a, { reasonString: 'too many logins' }, /banned.*"too many logins"/],
  [0x97, {}, /quota/],
  [0x9c, { serverReference: 'b2.example:1883' }, /set mqtt\.url to that one \(it names b2\.example:1883\)/],
  [0x9f, {}, /connected to too often/],
  [0xee, {}, /not in the standard\) *|not in the standard/],
] as const)
  t.test(`refused with ${code.toString(16)}`, async (t) => {
    const { broker, connect } = await scripted(t, { connect: () => ({ code, properties }) })
    await t.rejects(connect({ url: broker.url.replace('//', '//bob:secret@') }), { code: 'refused', message: says })
    const error = await connect({ url: broker.url.replace('//', '//bob:secret@') }).catch((e: Error) => e)
    t.notMatch((error as Error).message, 'secret')
  })

t.test('QoS 0 only: taken is what was read before a ping was answered', async (t) => {
  const { broker, connect } = await scripted(t, { connect: () => ({ code: 0, properties: { maximumQoS: 0 } }) })
  const link = await connect()
  const sent = Promise.all(Array.from({ length: 50 }, (_, i) => link.publish('box/cls', String(i), { qos: 1 })))
  await sent
  t.equal(broker.published.length, 50)
  t.ok(broker.published.every(({ qos }) => qos === 0))
  await link.end()
})

t.test('receive maximum 1: one message at a time, of whatever kind', async (t) => {
  let open = 0
  let most = 0
  const { connect, broker } = await scripted(t, {
    connect: () => ({ code: 0, properties: { receiveMaximum: 1 } }),
    publish: () => {
      most = Math.max(most, ++open)
      setImmediate(() => open--)
      return 0
    },
  })
  const link = await connect()
  await Promise.all(Array.from({ length: 20 }, (_, i) => link.publish('box/cls', String(i), { qos: 1 })))
  t.equal(broker.published.length, 20)
  t.equal(most, 1)
  await link.end()
})

t.test('a refusal with a code that the library does not know leaves the connection hearing', async (t) => {
  const { connect } = await scripted(t, { publish: ({ topic }) => (topic === 'box/bits' ? 0x95 : 0) })
  const link = await connect()
  await t.rejects(link.publish('box/bits', 'x', { qos: 1 }), { code: 'rejected', reason: 0x95, message: /too large/ })
  await link.publish('box/cls', 'x', { qos: 1 })
  await link.end()
})

t.test('a broker that answers pings and acknowledges nothing is left', async (t) => {
  const { broker } = await scripted(t, { publish: () => 'silent' })
  const link = await Link.connect({ url: broker.url, keepaliveSeconds: 30 }, 'box', will, { ackTimeoutMs: 300 })
  const lost = new Promise<string>((resolve) => link.onLost(resolve))
  await t.rejects(link.publish('box/cls', 'x', { qos: 1 }), { code: 'lost' })
  t.match(await lost, /acknowledged nothing/)
})

t.test('why the broker ended the connection', async (t) => {
  const { broker, connect } = await scripted(t, { publish: () => ({ disconnect: 0x97 }) })
  const link = await connect()
  const lost = new Promise<unknown[]>((resolve) => link.onLost((...why) => resolve(why)))
  await t.rejects(link.publish('box/cls', 'x', { qos: 1 }))
  t.match(await lost, [/quota/, { hungUp: true, reason: 0x97 }])
  await until('one', () => broker.published.length === 1)
})

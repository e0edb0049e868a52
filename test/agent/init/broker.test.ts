import t from 'tap'
import { askBroker } from '../../../agent/init/broker.js'
import { box, Scripted } from './scripted.js'

const base = { cameras: [] }

t.test('the one inside', async (t) => {
  t.equal(await askBroker(new Scripted([['Where should results go?', undefined]]), box(), base), undefined)
})

t.test('one that wants a login and a certificate of its own', async (t) => {
  const reach = async ({ password, caFile }: { password?: string | undefined; caFile?: string | undefined }) => {
    if (!caFile) throw new Error('nobody that this box knows signed it')
    if (!password) throw new Error('not authorised')
    return 'connected with MQTT 5'
  }
  const ask = new Scripted([
    ['Where should results go?', 'to an MQTT broker'],
    ['Its address', 'http://broker'],
    ['Its address', 'mqtts://broker.local'],
    ['What now?', 'name the file'],
    ['File of the certificate', '/etc/ca.pem'],
    ['What now?', 'write user name'],
    ['User name', ''],
    ['User name', 'gate'],
    ['Password', 'secret'],
  ])
  const broker = await askBroker(ask, box({ reach }), base)
  t.strictSame(broker, { url: 'mqtts://broker.local', caFile: '/etc/ca.pem', username: 'gate', password: 'secret' })
  t.match(ask.refused.join('; '), /expected mqtt:.*write the name/)
  t.equal(ask.said.at(-1), 'connected with MQTT 5')
})

t.test('one that is not there: again, as it is, or the one inside', async (t) => {
  const reach = async () => {
    throw new Error('connection refused')
  }
  const url = 'mqtt://broker'
  const kept = new Scripted([
    ['What now?', 'try again'],
    ['What now?', 'take it as it is'],
  ])
  t.strictSame(await askBroker(kept, box({ reach }), base, { url }), { url })
  const inside = new Scripted([
    ['What now?', 'another address'],
    ['Where should results go?', 'to a broker inside'],
  ])
  t.equal(await askBroker(inside, box({ reach, faultOf: () => 'mqtt.url: wrong' }), base, { url }), undefined)
  t.match(inside.said.join(), /mqtt\.url: wrong/)
})

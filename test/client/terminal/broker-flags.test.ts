import { join } from 'node:path'
import { Command } from 'commander'
import t from 'tap'
import { type BrokerFlags, brokerFlags, brokerSettings, checkId } from '../../../client/terminal/broker-flags.js'

const settings = (...args: string[]) =>
  brokerSettings(brokerFlags(new Command()).parse(args, { from: 'user' }).opts<BrokerFlags>(), 60)

t.test('without flags: the broker of this machine, a name of its own', async (t) => {
  const one = settings()
  t.match(one, { url: 'mqtt://127.0.0.1:1883', sessionSeconds: 60, username: undefined, ca: undefined })
  // All that MQTT 3.1 brokers must accept.
  t.match(one.clientId, /^bs-client-[0-9a-f]{12}$/)
  t.ok(one.clientId.length <= 23)
  t.not(settings().clientId, one.clientId)
})

t.test('a password of the environment, and one of a flag before it', async (t) => {
  const before = process.env.BLINDSIGHT_MQTT_PASSWORD
  t.teardown(() => {
    if (before === undefined) delete process.env.BLINDSIGHT_MQTT_PASSWORD
    else process.env.BLINDSIGHT_MQTT_PASSWORD = before
  })
  process.env.BLINDSIGHT_MQTT_PASSWORD = 'secret'
  t.equal(settings().password, 'secret')
  t.equal(settings('--password', 'other').password, 'other')
  process.env.BLINDSIGHT_MQTT_PASSWORD = ''
  t.equal(settings().password, undefined)
})

t.test('certificates are read, and what is wrong is said with what is expected', async (t) => {
  const dir = t.testdir({ 'ca.pem': 'one', 'me.pem': 'two', 'me.key': 'three' })
  const file = (name: string) => join(dir, name)
  const all = settings('--ca', file('ca.pem'), '--cert', file('me.pem'), '--key', file('me.key'))
  t.strictSame([all.ca, all.cert, all.key].map(String), ['one', 'two', 'three'])
  const cases: [string[], string, RegExp][] = [
    [['--broker', 'hub'], 'usage', /^no broker address, --broker hub, expected something like mqtt:/],
    [['--broker', 'http://hub'], 'usage', /--broker http:/],
    [['--base', ''], 'usage', /^no topic base, --base /],
    [['--base', 'a/+/b'], 'usage', /--base a\/\+\/b/],
    [['--base', 'a/'], 'usage', /--base a\//],
    [['--cert', file('me.pem')], 'usage', /^half a client certificate/],
    [['--ca', file('none.pem')], 'input', /^cannot read, --ca .*none\.pem: /],
  ]
  for (const [args, code, message] of cases) t.throws(() => settings(...args), { name: 'Failure', code, message })
  t.doesNotThrow(() => settings('--broker', 'wss://hub:443/mqtt', '--base', 'site/blindsight'))
})

t.test('an id is one level of a topic', async (t) => {
  t.equal(checkId('--device', 'gate-1'), 'gate-1')
  for (const id of ['', 'Gate', 'a/b', '+', 'a'.repeat(65)])
    t.throws(() => checkId('--device', id), { code: 'usage', message: /^no id, --device / }, id)
})

t.test('a service has its broker from the environment, and a flag goes before it', async (t) => {
  process.env.BLINDSIGHT_TEST_BROKER = 'mqtt://hub:1884'
  t.teardown(() => delete process.env.BLINDSIGHT_TEST_BROKER)
  const url = (...args: string[]) =>
    brokerFlags(new Command(), 'BLINDSIGHT_TEST_BROKER').parse(args, { from: 'user' }).opts<BrokerFlags>().broker
  t.equal(url(), 'mqtt://hub:1884')
  t.equal(url('--broker', 'mqtt://other'), 'mqtt://other')
})

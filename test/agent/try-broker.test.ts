import t from 'tap'
import { parseConfig } from '../../agent/config/load.js'
import { tryBroker } from '../../agent/try-broker.js'
import { Mosquitto } from '../client/mosquitto.js'

const config = (mqtt: object) =>
  parseConfig(JSON.stringify({ device: 'd', cameras: [{ id: 'a', source: '/a.mp4' }], mqtt }), 'test')

t.test('a broker that is there, one that is not, and the one inside', async (t) => {
  const broker = await Mosquitto.start()
  t.teardown(() => broker.stop())
  t.match(await tryBroker(config({ url: broker.url })), /connected with MQTT 5/)
  await t.rejects(tryBroker(config({ url: 'mqtt://127.0.0.1:9' })), /127\.0\.0\.1:9/)
  t.match(await tryBroker(config({ embeddedPort: 1999 })), /one inside, on 127\.0\.0\.1:1999/)
  const taken = await tryBroker(config({ embeddedPort: broker.port }))
  t.match(taken, `127.0.0.1:${broker.port}, where it would be, is taken`, 'somebody else is there')
  t.match(taken, `url: mqtt://127.0.0.1:${broker.port}`)
})

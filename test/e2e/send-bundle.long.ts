/** A signed bundle over a real broker that takes small messages only, to the built program, which runs it in the end. */
import { join } from 'node:path'
import t from 'tap'
import { readChoice } from '../../agent/updates/choice.js'
import { keygen, signBundle } from '../../client/release/keys.js'
import { openBundle } from '../../contract/bundle.js'
import { Topics } from '../../contract/topics.js'
import { Mosquitto } from '../client/mosquitto.js'
import { otherBundle, otherBytes } from '../contract/other-bundle.js'
import { blindsight, Program } from './program.js'
import { configFile, device } from './setting.js'
import { Subscriber } from './subscriber.js'
import { until } from './until.js'

t.test('bundle send', async (t) => {
  const dir = t.testdir()
  const broker = await Mosquitto.start({ config: ['max_packet_size 20000'] })
  t.teardown(() => broker.stop())
  const key = join(dir, 'release.key')
  const top = { bundle: undefined, bundles: { publicKey: keygen(key).raw, overMqtt: true } }
  const small = { width: 64, height: 64, fps: 5, coding: 'static' }
  const config = await configFile(dir, { broker: broker.url, camera: small, top })
  const box = Program.start(['run', '--config', config])
  t.teardown(() => box.kill())
  const topics = new Topics('blindsight', device)
  const watcher = await Subscriber.start({ port: broker.port, version: '5', filters: [topics.info()] })
  t.teardown(() => watcher.stop())

  const folder = otherBundle(dir)
  otherBytes(folder, 'encoder.onnx')
  await signBundle(folder, key)
  await box.logged('running', 240)
  const sent = await blindsight([
    'bundle',
    'send',
    folder,
    '--device',
    device,
    '--broker',
    broker.url,
    '--use',
    '--timeout',
    '60',
  ])
  t.match(sent, { code: 0, out: `field-2 runs on ${device}\n` }, sent.err)
  t.match(readChoice(join(dir, 'state')), { use: 'field-2', before: 'field-1', trial: undefined })
  const { sha256 } = openBundle(join(dir, 'state', 'bundles', 'field-2'))
  await until('info names it by hash', () =>
    watcher.json(topics.info()).some((m) => (m as { bundle: { sha256: string } }).bundle.sha256 === sha256),
  )
  t.ok(box.running, 'in the same process')
  t.equal((await box.terminate()).code, 0)
})

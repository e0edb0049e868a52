/** The whole agent in this process: its broker, real ffmpeg, the released networks. */
import { join } from 'node:path'
import mqtt from 'mqtt'
import t, { type Test } from 'tap'
import { Agent, type AgentEvents } from '../../agent/agent.js'
import { parseConfig } from '../../agent/config/load.js'
import { silentLog } from '../../agent/log.js'
import { Notifier } from '../../agent/notify.js'
import { CameraStateMessage, DeviceStateMessage, HealthMessage, InfoMessage } from '../../contract/messages.js'
import { freePort } from '../client/mosquitto.js'
import { Subscriber } from '../e2e/subscriber.js'
import { until } from '../e2e/until.js'
import { ffmpegs } from './capture/processes.js'

const root = join(import.meta.dirname, '..', '..')
const source = join(root, 'config', 'demo', 'street.mp4')
const worker = new URL(`file://${root}/dist/agent/infer/worker.js`)

async function box(t: Test, events: AgentEvents = {}, script = worker) {
  const camera = { source, width: 64, height: 64, fps: 5 }
  const config = parseConfig(
    JSON.stringify({
      device: 'box',
      stateDir: t.testdirName,
      threads: 1,
      cameras: [
        { id: 'street', ...camera },
        { id: 'yard', ...camera, enabled: false },
      ],
      mqtt: { embeddedPort: await freePort() },
      homeAssistant: true,
      archive: { minFreeMegabytes: 1 },
    }),
    'test',
  )
  const agent = new Agent(config, silentLog, new Notifier({}), events, script)
  t.teardown(() => agent.stop())
  return agent
}

t.test('what is retained is as documented, and everything has ended after stop', async (t) => {
  const seqs: number[] = []
  const agent = await box(t, { committed: ({ seq }) => seqs.push(seq) })
  t.equal(agent.start(), agent.start())
  await agent.start()
  const port = Number(new URL(agent.brokerUrl).port)
  const watcher = await Subscriber.start({ port, version: '311', filters: ['blindsight/#', 'homeassistant/#'] })
  t.teardown(() => watcher.stop())
  await until('frames', () => seqs.length >= 3)
  const motion = () => watcher.json('homeassistant/binary_sensor/box/street-motion/config')
  t.match(motion(), [{ state_topic: agent.topics.camNow('street'), unique_id: 'blindsight_box_street-motion' }])
  const home = await mqtt.connectAsync(agent.brokerUrl)
  await home.publishAsync('homeassistant/status', 'online')
  await until('the descriptions again', () => motion().length === 2)
  await home.endAsync()
  const { topics } = agent
  const [info] = watcher.json(topics.info()).map((m) => InfoMessage.parse(m))
  t.match(info, { dev: 'box', boot: agent.boot, providers: { encoder: 'cpu' }, cameras: [{ id: 'street' }, {}] })
  t.match(
    watcher.json(topics.health()).map((m) => HealthMessage.parse(m)),
    [{ cams: [{ id: 'street' }, { id: 'yard', state: 'disabled' }] }],
  )
  t.match(
    ['street', 'yard'].map((cam) => CameraStateMessage.parse(watcher.json(topics.camState(cam)).at(-1)).state),
    ['online', 'disabled'],
  )
  t.equal(agent.stop(), agent.stop())
  await agent.stop()
  await until('the goodbye', () =>
    watcher.json(topics.state()).some((m) => DeviceStateMessage.parse(m).state === 'stopped'),
  )
  t.strictSame(ffmpegs(), [])
  t.strictSame(
    seqs,
    seqs.map((_, i) => i),
  )
})

t.test('an inference thread that dies: reported once, and the agent can still be stopped', async (t) => {
  const dying = `import { parentPort, workerData } from 'node:worker_threads'
    const { entropy, context } = workerData.bundle
    workerData.toCoder.postMessage({ entropy, context, stride: 8 })
    workerData.toLooker.postMessage({})
    parentPort.postMessage({ type: 'ready', providers: { encoder: 'cpu' } })
    parentPort.once('message', () => { throw new Error('no memory') })`
  const file = join(t.testdir({ 'worker.mjs': dying }), 'worker.mjs')
  const failures: string[] = []
  const agent = await box(t, { failed: ({ message }) => failures.push(message) }, new URL(`file://${file}`))
  await agent.start()
  await until('the report', () => failures.length > 0)
  await until('frames after it', () => agent.cameras[0]!.framesIn > 5)
  await agent.stop()
  t.strictSame(failures, ['the inference thread died: no memory'])
  t.strictSame(ffmpegs(), [])
})

t.test('stopped before it was started', async (t) => {
  const agent = await box(t)
  await agent.stop()
  t.strictSame(ffmpegs(), [])
})

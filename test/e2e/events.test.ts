/** Events on a real mosquitto, with the agent killed in the middle: every id has one start and one end. */
import { join } from 'node:path'
import t from 'tap'
import { EventMessage, NowMessage } from '../../contract/messages.js'
import { Topics } from '../../contract/topics.js'
import { Mosquitto } from '../client/mosquitto.js'
import { seeingAllBundle } from '../contract/analysing-bundle.js'
import { Program } from './program.js'
import { camera, configFile, device } from './setting.js'
import { Subscriber } from './subscriber.js'
import { until } from './until.js'

const topics = new Topics('blindsight', device)

t.test('what is there all the time, over two kills and a stop', async (t) => {
  const broker = await Mosquitto.start()
  t.teardown(() => broker.stop())
  const dir = t.testdir()
  const bundle = seeingAllBundle(join(dir, 'bundle'))
  const events = [
    { class: 'person', enterSeconds: 0.2 },
    { class: 'vehicle', enterSeconds: 0 },
  ]
  const small = { width: 64, height: 64, coding: 'static', events }
  const config = await configFile(dir, { broker: broker.url, camera: small, top: { bundle } })
  const watcher = await Subscriber.start({ port: broker.port, version: '5', filters: ['blindsight/v1/#'] })
  t.teardown(() => watcher.stop())
  const told = () => watcher.json(/\/evt$/).map((message) => EventMessage.parse(message))
  const ids = (phase: EventMessage['phase']) => [
    ...new Set(told().flatMap((event) => (event.phase === phase ? [event.id] : []))),
  ]
  for (const run of [1, 2, 3]) {
    const agent = Program.start(['run', '--config', config])
    t.teardown(() => agent.kill())
    await until(`starts of run ${run}`, () => ids('start').length === run * 2 && ids('end').length === (run - 1) * 2)
    const now = () => watcher.json(topics.camNow(camera)).map((message) => NowMessage.parse(message))
    await until('both in the retained message', () => now().at(-1)!.present.length === 2)
    if (run < 3) await agent.kill()
    else t.equal((await agent.terminate()).code, 0)
    if (run === 3) await until('nothing that is known to be there', () => now().at(-1)!.present.length === 0)
  }
  const ends = told().filter(({ phase }) => phase === 'end')
  t.ok(ends.every(({ reason }) => reason === 'restart'))
  for (const { id, boot, since, until: last, bits } of ends) {
    const start = told().find((event) => event.id === id)!
    t.match(start, { phase: 'start', boot, since, bits: { first: bits.first } })
    t.ok(last >= start.until, 'it ended with the last frame before the kill')
  }
  const keys = told().map(({ id, phase, boot, seq }) => `${id} ${phase} ${boot} ${seq}`)
  t.strictSame(
    ids('start').map((id) => new Set(keys.filter((key) => key.startsWith(`${id} start`))).size),
    Array(6).fill(1),
  )
})

/** Events on a real mosquitto, with agent and broker killed in the middle: every id has one start and one end. */
import { join } from 'node:path'
import t from 'tap'
import { EventMessage, NowMessage } from '../../contract/messages.js'
import { Topics } from '../../contract/topics.js'
import { Mosquitto } from '../client/mosquitto.js'
import { seeingAllBundle } from '../contract/analysing-bundle.js'
import { Program } from './program.js'
import { camera, committed, configFile, device, query } from './setting.js'
import { Subscriber } from './subscriber.js'
import { until } from './until.js'

const topics = new Topics('blindsight', device)

const toldTo = (watcher: Subscriber) => watcher.json(/\/evt$/).map((message) => EventMessage.parse(message))

/** The agent is held until the watcher is back: mosquitto keeps nothing for who is away. */
async function upFor(broker: Mosquitto, watcher: Subscriber, agent: Program): Promise<void> {
  const { subscribed } = watcher
  agent.child.kill('SIGSTOP')
  await broker.up()
  await until('the watcher to be back', () => watcher.subscribed > subscribed)
  agent.child.kill('SIGCONT')
}

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
  const told = () => toldTo(watcher)
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

t.test('the broker is away while something is there, and the agent is killed meanwhile', async (t) => {
  const broker = await Mosquitto.start()
  t.teardown(() => broker.stop())
  const dir = t.testdir()
  const bundle = seeingAllBundle(join(dir, 'bundle'))
  const events = [{ class: 'person', enterSeconds: 0 }]
  const small = { width: 64, height: 64, coding: 'static', events }
  const args = ['run', '--config', await configFile(dir, { broker: broker.url, camera: small, top: { bundle } })]
  const watcher = await Subscriber.start({ port: broker.port, version: '5', filters: ['blindsight/v1/#'] })
  t.teardown(() => watcher.stop())
  const told = () => toldTo(watcher)
  const first = Program.start(args)
  t.teardown(() => first.kill())
  const [{ id: before }] = await until('somebody', () => told().length > 0 && told())

  await broker.kill()
  const kept = committed(dir).length
  await until('frames without a broker', () => committed(dir).length > kept + 3)
  await first.kill()
  const second = Program.start(args)
  t.teardown(() => second.kill())
  const sinceThen = await until('an event that begins while nobody listens', () => {
    const [row] = query(dir, `SELECT id FROM events WHERE id <> '${before}'`) as { id: string }[]
    return row?.id
  })
  await upFor(broker, watcher, second)
  await until('both', () => told().some(({ id }) => id === sinceThen))

  await broker.kill()
  await broker.up()
  await until('the watcher to be back again', () => watcher.subscribed > 2)
  const seen = watcher.on(/\/cls$/).length
  await until('frames with the broker', () => watcher.on(/\/cls$/).length > seen + 3)
  t.equal((await second.terminate()).code, 0)

  const phases = new Map<string, number>()
  for (const key of new Set(told().map(({ id, phase, boot, seq }) => `${id} ${phase} ${boot} ${seq}`))) {
    const [id, phase] = key.split(' ')
    phases.set(`${id} ${phase}`, (phases.get(`${id} ${phase}`) ?? 0) + 1)
  }
  for (const what of [`${before} start`, `${before} end`, `${sinceThen} start`])
    t.equal(phases.get(what), 1, `${what}: once`)
  t.notOk(phases.has(`${sinceThen} end`), 'it is still there')
  t.strictSame(new Set(told().map(({ id }) => id)), new Set([before, sinceThen]), 'an outage begins no event anew')
  t.match(
    told().find(({ phase }) => phase === 'end'),
    { id: before, reason: 'restart' },
  )
})

t.test('what comes and goes while the broker is away is told afterwards, once', async (t) => {
  const broker = await Mosquitto.start()
  t.teardown(() => broker.stop())
  const dir = t.testdir()
  const events = [{ class: 'vehicle', enterSeconds: 0, leaveSeconds: 0 }]
  const watcher = await Subscriber.start({ port: broker.port, version: '5', filters: ['blindsight/v1/#'] })
  t.teardown(() => watcher.stop())
  const seen = { width: 448, height: 256, coding: 'static', events }
  const agent = Program.start(['run', '--config', await configFile(dir, { broker: broker.url, camera: seen })])
  t.teardown(() => agent.kill())
  await until('results', () => watcher.on(/\/cls$/).length > 0)
  await broker.kill()
  const before = (query(dir, 'SELECT id FROM events') as { id: string }[]).map(({ id }) => id)
  // A car of the clip, from its first frame to its last.
  const id = await until('an event that is over', () => {
    const over = query(dir, 'SELECT id FROM events WHERE open = 0 ORDER BY first_id') as { id: string }[]
    return over.find((event) => !before.includes(event.id))?.id
  })
  await upFor(broker, watcher, agent)
  const told = () => toldTo(watcher).filter((event) => event.id === id)
  await until('its end', () => told().some(({ phase }) => phase === 'end'))
  t.equal((await agent.terminate()).code, 0)
  const phases = told().map(({ phase, seq }) => `${phase} ${seq}`)
  t.equal(new Set(phases.filter((one) => one.startsWith('start'))).size, 1, 'one start')
  t.equal(new Set(phases.filter((one) => one.startsWith('end'))).size, 1, 'one end')
  t.match(phases[0], /^start/)
  for (const { topic, payload } of watcher.on(/\/evt$/))
    t.equal(JSON.parse(payload.toString()).hist, topic.includes('/hist/'), `${topic} says so itself`)
})

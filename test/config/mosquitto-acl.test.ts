/** config/mosquitto.acl against a real mosquitto, with every topic that contract/topics.ts knows. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import mqtt from 'mqtt'
import t from 'tap'
import { requestVerbs, Topics } from '../../contract/topics.js'
import { Mosquitto } from '../client/mosquitto.js'
import { until } from '../e2e/until.js'

const kinds = ['cls', 'seg', 'evt', 'bits'] as const
const branches = (dev: string) => {
  const topics = new Topics('blindsight', dev)
  return {
    said: [topics.state(), topics.info(), topics.health(), topics.camState('street'), topics.camNow('street')],
    results: [false, true].flatMap((hist) =>
      kinds.filter((kind) => kind !== 'bits').map((kind) => topics.result(kind, 'street', hist)),
    ),
    bits: [topics.result('bits', 'street'), topics.result('bits', 'street', true)],
    requests: requestVerbs.map((verb) => topics.request(verb)),
    answers: [...requestVerbs.map((verb) => topics.response(verb)), `${topics.responsePrefix}client-1`],
  }
}
type Branches = ReturnType<typeof branches>
const own = branches('gate-1')
const other = branches('gate-2')
const both = (...names: (keyof Branches)[]) => names.flatMap((name) => [...own[name], ...other[name]])
const everything = both('said', 'results', 'bits', 'requests', 'answers')

const may: Record<string, { read: string[]; write: string[] }> = {
  'gate-1': {
    read: Object.values(own).flat(),
    write: [...own.said, ...own.results, ...own.bits, ...own.answers],
  },
  viewer: { read: both('said', 'results'), write: [] },
  recorder: {
    read: both('said', 'results', 'bits', 'answers'),
    write: everything.filter((topic) => topic.endsWith('/req/keyframe')),
  },
  requester: {
    read: [...both('answers'), ...both('said').filter((topic) => /gate-\d\/(state|info)$/.test(topic))],
    write: both('requests').filter((topic) => !topic.endsWith('/req/bundle')),
  },
  updater: {
    read: [...both('answers'), ...both('said').filter((topic) => /gate-\d\/(state|info|health)$/.test(topic))],
    write: everything.filter((topic) => topic.endsWith('/req/bundle')),
  },
  watcher: {
    read: both('said', 'results', 'bits', 'answers').filter((topic) => !topic.endsWith('/health')),
    write: everything.filter((topic) => /\/req\/(list|events|get|results|keyframe)$/.test(topic)),
  },
  stranger: { read: [], write: [] },
}

t.test('each has its own, and nothing else', async (t) => {
  const file = join(t.testdir(), 'acl')
  const rights = readFileSync(join(import.meta.dirname, '../../config/mosquitto.acl'), 'utf8')
  // Of the test alone: who publishes everything, and a topic that everybody hears at the end.
  writeFileSync(file, `${rights}\npattern read test/end\nuser admin\ntopic readwrite #\n`, { mode: 0o644 })
  const broker = await Mosquitto.start({ config: [`acl_file ${file}`] })
  t.teardown(() => broker.stop())
  const login = async (username: string) => {
    const client = await mqtt.connectAsync(broker.url, { username, protocolVersion: 5 })
    t.teardown(() => client.endAsync(true))
    return client
  }
  const admin = await login('admin')
  for (const [user, { read, write }] of Object.entries(may)) {
    await t.test(user, async (t) => {
      const client = await login(user)
      const heard = new Set<string>()
      client.on('message', (topic) => heard.add(topic))
      await client.subscribeAsync(['blindsight/#', 'test/end'], { qos: 1 })
      for (const topic of [...everything, 'test/end']) await admin.publishAsync(topic, 'x', { qos: 1 })
      await until('the end', () => heard.delete('test/end'))
      t.strictSame([...heard].sort(), [...read].sort(), 'hears')
      const taken: string[] = []
      for (const topic of everything) {
        await client.publishAsync(topic, 'x', { qos: 1 }).then(
          () => taken.push(topic),
          (error) => t.equal(error.code, 135, 'not authorised'),
        )
      }
      t.strictSame(taken.sort(), [...write].sort(), 'may publish')
      await client.endAsync()
    })
  }
})

/** Brokers as they are: limits, refusals and deaths, and that nothing is sent again that was taken. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { type Script, ScriptedBroker } from '../client/scripted.js'
import { Subscriber } from '../e2e/subscriber.js'
import type { FieldAgent, LogLine } from './agent.js'
import type { Kit } from './kit.js'
import type { Listener } from './listener.js'
import { Relay } from './relay.js'
import type { Outcome, Scenario } from './scenario.js'

const root = 'blindsight/v1/field'
/** What an agent with one camera has to be allowed. */
const ALLOWED = ['state', 'info', 'health', 'cam/#', 'hist/#', 'bits/#', 'res/#']

interface HealthFigures {
  readonly state: string
  readonly broker: { readonly reason?: string }
  readonly published: Readonly<Record<string, number>>
  readonly outbox: { readonly frames: number }
  readonly drops: Readonly<Record<string, number>>
}

const health = (listener: Listener) => listener.latest<HealthFigures>('/health')
export const limited = (limit: RegExp) => (line: LogLine) =>
  line.msg === 'the broker does not give the full service' && limit.test(String(line.limit))
export const said = (line: LogLine) => String(line.reason)
const since = (start: number) => performance.now() - start

/** Committed frames of which a result never arrived, those still waiting left out. */
function lostResults(kit: Kit, listener: Listener): number {
  const waiting = kit.archive.outbox(kit.stateDir)
  const rows = kit.archive.rows(kit.stateDir).filter(({ id }) => !waiting.has(id))
  return rows.filter(({ cam, boot, seq }) => !listener.has('field', cam, boot, seq, 'cls')).length
}

/** Ends the agent and counts: everything committed has arrived, once. */
export async function whole(
  kit: Kit,
  agent: FieldAgent,
  listener: Listener,
  outcome: Partial<Outcome>,
): Promise<Outcome> {
  await agent.stop()
  const lost = lostResults(kit, listener)
  const note = `${listener.frames.size} frames, ${listener.duplicates} sent twice, ${listener.outOfOrder.length} out of order`
  const ok = lost === 0 && listener.duplicates === 0 && listener.outOfOrder.length === 0
  return { said: '', recoveryMs: null, lost, note, ...outcome, ok: ok && (outcome.ok ?? true) }
}

/** An access list that can be changed while the broker runs. */
function accessList(kit: Kit): { readonly file: string; write(denied: readonly string[]): void } {
  const file = kit.path('acl')
  const write = (denied: readonly string[]) => {
    const allowed = ALLOWED.filter((branch) => !denied.includes(branch)).map(
      (branch) => `topic write ${root}/${branch}`,
    )
    const read = denied.includes('req/#') ? [] : ['topic read #']
    const viewer = ['user viewer', 'topic readwrite #']
    writeFileSync(file, `${['user box', ...read, ...allowed, ...viewer].join('\n')}\n`)
  }
  return { file, write }
}
const box = { username: 'box', password: 'x' }
const viewer = { client: { username: 'viewer', password: 'x' } }

/** A broker that denies the box these branches, the box, and a subscriber that may read everything. */
export async function denying(kit: Kit, denied: readonly string[], lines: readonly string[] = []) {
  const list = accessList(kit)
  list.write(denied)
  const broker = await kit.broker({ lines: [`acl_file ${list.file}`, ...lines] })
  const listener = await kit.listener(broker, viewer)
  return { list, broker, listener, agent: kit.agent(await kit.config({ broker, mqtt: box })) }
}

/** A scenario of a limit that mosquitto has from its start: results come, the limit is named in log and health. */
const limit = (id: string, fault: string, lines: string[], named: RegExp, more: Partial<Scenario> = {}): Scenario => ({
  id: `brokers/${id}`,
  fault,
  short: false,
  seconds: 20,
  async run(kit) {
    const broker = await kit.broker({ lines })
    const listener = await kit.listener(broker)
    const agent = kit.agent(await kit.config({ broker }))
    const line = await agent.logged(limited(named))
    await kit.until('30 frames', () => listener.frames.size >= 30, 120)
    await kit.until('the reason in health', () => named.test(health(listener)?.broker.reason ?? ''))
    const times = agent.count(limited(named))
    return whole(kit, agent, listener, { said: said(line), ok: times === 1 })
  },
  ...more,
})

/** A scenario of a broker that takes no bitstream of this camera for its size: the other messages come, on one connection. */
const size = (id: string, fault: string, line: string, short: boolean): Scenario => ({
  id: `brokers/${id}`,
  fault,
  short,
  seconds: 30,
  async run(kit) {
    const broker = await kit.broker({ lines: [line] })
    const listener = await kit.listener(broker)
    const agent = kit.agent(await kit.config({ broker, cameras: [{ width: 448, height: 256 }] }))
    const named = await agent.logged(limited(/message size/))
    await kit.until('40 frames', () => listener.frames.size >= 40, 180)
    const lost = agent.count('connection to the broker lost')
    const saidOnce = agent.count(limited(/message size/)) === 1
    return whole(kit, agent, listener, { said: said(named), ok: lost === 0 && saidOnce })
  },
})

export const scenarios: Scenario[] = [
  {
    id: 'brokers/bits-denied',
    fault: 'the access list denies bits/#; after 100 frames it allows it',
    short: true,
    seconds: 60,
    async run(kit) {
      const { list, broker, listener, agent } = await denying(kit, ['bits/#', 'hist/#'])
      const line = await agent.logged(limited(/bits/))
      await kit.until('100 frames', () => listener.frames.size >= 100, 180)
      const figures = await kit.until('health', () => health(listener))
      const { messages = 0, refused = 0 } = figures.published
      const results = listener.on(/\/cls$/).length
      list.write([])
      broker.reload()
      const allowed = performance.now()
      await kit.until('bitstreams', () => listener.on(/\/bits\//).length > 0, 700)
      const recoveryMs = since(allowed)
      await kit.until('what waited', () => kit.archive.outbox(kit.stateDir).size < 5, 300)
      const bits = kit.archive.rows(kit.stateDir).slice(0, 100)
      const missing = bits.filter(({ cam, boot, seq }) => !listener.has('field', cam, boot, seq, 'bits')).length
      const outcome = await whole(kit, agent, listener, { said: said(line), recoveryMs })
      const few = refused <= 40 && agent.count(limited(/bits/)) === 1
      const note = `${messages} messages for ${results} results while denied, ${refused} refused; ${outcome.note}`
      return { ...outcome, lost: outcome.lost + missing, note, ok: outcome.ok && few && missing === 0 }
    },
    limitSeconds: 1200,
  },
  {
    id: 'brokers/state-denied',
    fault: 'the access list denies the state topic, and reading requests',
    short: false,
    seconds: 30,
    async run(kit) {
      const { listener, agent } = await denying(kit, ['state', 'req/#'])
      const line = await agent.logged(limited(/state/))
      await kit.until('30 frames', () => listener.frames.size >= 30, 120)
      return whole(kit, agent, listener, {
        said: said(line),
        ok: listener.on(/\/state$/).every(({ topic }) => topic.includes('/cam/')),
      })
    },
  },
  size(
    'message-size-limit',
    "mosquitto's silent message_size_limit is smaller than a bitstream: it answers 0x95",
    'message_size_limit 1500',
    true,
  ),
  {
    id: 'brokers/refuses-and-hangs-up',
    fault: 'mosquitto with max_queued_messages 0 hangs up behind every refusal, and bits/# is denied',
    short: true,
    seconds: 40,
    async run(kit) {
      const { listener, agent } = await denying(kit, ['bits/#', 'hist/#'], ['max_queued_messages 0'])
      const line = await agent.logged(limited(/bits/))
      await kit.until('100 frames', () => listener.frames.size >= 100, 180)
      const { refused = 0 } = (await kit.until('health', () => health(listener)))?.published ?? {}
      await agent.stop()
      const lost = lostResults(kit, listener)
      const note = `${refused} refused, ${listener.duplicates} sent twice, ${listener.outOfOrder.length} out of order`
      const few = refused <= 10 && agent.count(limited(/bits/)) === 1
      return {
        said: said(line),
        recoveryMs: null,
        lost,
        ok: lost === 0 && few && listener.outOfOrder.length === 0,
        note,
      }
    },
  },
  size('max-packet-size', 'max_packet_size 1500, said in CONNACK', 'max_packet_size 1500', false),
  limit(
    'retain-unavailable',
    'retain_available false: the will and all retained messages are refused',
    ['retain_available false'],
    /retained messages/,
    { short: true },
  ),
  limit('qos-0', 'max_qos 0: the will and every message of QoS 1 are refused', ['max_qos 0'], /QoS/, { short: true }),
  {
    id: 'brokers/qos-0-killed',
    fault: 'max_qos 0, and the broker is killed five times',
    short: false,
    seconds: 60,
    async run(kit) {
      const broker = await kit.broker({ lines: ['max_qos 0'] })
      const relay = await kit.relay(broker)
      const listener = await kit.listener(broker)
      const agent = kit.agent(await kit.config({ broker: relay }))
      for (let death = 0; death < 5; death++) {
        const { size } = listener.frames
        await kit.until('frames', () => listener.frames.size > size + 10, 120)
        const { subscribed } = listener
        await Promise.all([relay.close(), broker.kill()])
        await broker.up()
        await listener.again(subscribed)
        await relay.open()
      }
      const { size } = listener.frames
      await kit.until('frames again', () => listener.frames.size > size + 10, 120)
      await agent.stop()
      const lost = lostResults(kit, listener)
      const note = `${listener.frames.size} frames, ${listener.duplicates} twice`
      return { said: 'known to be read from the answers to pings', recoveryMs: null, lost, ok: lost === 0, note }
    },
  },
  {
    id: 'brokers/client-id-prefix',
    fault: 'the broker wants client ids that begin with site-; then mqtt.clientId is set',
    short: false,
    seconds: 25,
    async run(kit) {
      const broker = await kit.broker({ lines: ['clientid_prefixes site-'] })
      const client = { clientId: 'site-viewer' }
      const listener = await kit.listener(broker, { client })
      const refused = kit.agent(await kit.config({ broker }))
      const line = await refused.logged('not connected to the broker; capture and archive go on')
      await refused.stop()
      const agent = kit.agent(await kit.config({ broker, mqtt: { clientId: 'site-7' } }))
      await kit.until('20 frames', () => listener.frames.size >= 20, 120)
      return whole(kit, agent, listener, { said: said(line), ok: /mqtt\.clientId/.test(said(line)) })
    },
  },
  {
    id: 'brokers/one-at-a-time',
    fault: 'max_inflight_messages 1, max_keepalive 10',
    short: false,
    seconds: 25,
    async run(kit) {
      const lines = ['max_inflight_messages 1', 'max_keepalive 10']
      const broker = await kit.broker({ lines })
      const listener = await kit.listener(broker)
      const agent = kit.agent(await kit.config({ broker, mqtt: { keepaliveSeconds: 60 } }))
      await kit.until('100 frames', () => listener.frames.size >= 100, 180)
      const lost = agent.count('connection to the broker lost')
      return whole(kit, agent, listener, { said: 'nothing: it keeps to what the broker says', ok: lost === 0 })
    },
  },
  ...scripted(),
  {
    id: 'brokers/frozen',
    fault: 'the broker is frozen (SIGSTOP) until the box has noticed, then goes on',
    short: false,
    seconds: 40,
    async run(kit) {
      const broker = await kit.broker()
      const listener = await kit.listener(broker)
      const agent = kit.agent(await kit.config({ broker, mqtt: { keepaliveSeconds: 5 } }))
      await kit.until('20 frames', () => listener.frames.size >= 20, 120)
      broker.freeze()
      const { reason } = await agent.logged('connection to the broker lost; capture and archive go on', 120)
      broker.thaw()
      const thawed = performance.now()
      const { size } = listener.frames
      await kit.until('frames again', () => listener.frames.size > size + 20, 180)
      const recoveryMs = since(thawed)
      await agent.stop()
      const lost = lostResults(kit, listener)
      // What the broker read while it was frozen it passes on when it thaws, and the box cannot know.
      const note = `${listener.duplicates} twice, ${listener.different.length} of them different`
      return { said: String(reason), recoveryMs, lost, note, ok: lost === 0 && listener.different.length === 0 }
    },
  },
  {
    id: 'brokers/half-open',
    fault: 'the network drops everything without a word for as long as it takes, then works again',
    short: false,
    seconds: 60,
    async run(kit) {
      const namespace = await kit.namespace()
      const broker = await kit.broker({ address: namespace.host })
      const listener = await kit.listener(broker)
      const agent = kit.agent(await kit.config({ broker, mqtt: { keepaliveSeconds: 5 } }), { namespace })
      await kit.until('20 frames', () => listener.frames.size >= 20, 120)
      await namespace.lose(1)
      const { reason } = await agent.logged('connection to the broker lost; capture and archive go on', 120)
      await namespace.lose(0)
      const mended = performance.now()
      const { size } = listener.frames
      await kit.until('frames again', () => listener.frames.size > size + 20, 180)
      const recoveryMs = since(mended)
      await agent.stop()
      const lost = lostResults(kit, listener)
      return { said: String(reason), recoveryMs, lost, note: `${listener.duplicates} twice`, ok: lost === 0 }
    },
  },
  {
    id: 'brokers/mute',
    fault: 'a server that takes the connection and never says anything; then the broker is there',
    short: false,
    seconds: 40,
    async run(kit) {
      const broker = await kit.broker()
      const listener = await kit.listener(broker)
      const port = await kit.freePort()
      const sockets: Socket[] = []
      const mute = createServer((socket) => sockets.push(socket)).listen(port, '127.0.0.1')
      await once(mute, 'listening')
      const agent = kit.agent(await kit.config({ broker: { url: `mqtt://127.0.0.1:${port}` } }))
      const line = await agent.logged('not connected to the broker; capture and archive go on')
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => mute.close(resolve))
      const relay = await Relay.start(broker, port)
      kit.defer(() => relay.close())
      const there = performance.now()
      await kit.until('20 frames', () => listener.frames.size >= 20, 180)
      return whole(kit, agent, listener, { said: said(line), recoveryMs: since(there) })
    },
  },
  {
    id: 'brokers/names-gone',
    fault: 'a camera is renamed, then the device, with kill -9 between',
    short: true,
    seconds: 60,
    async run(kit) {
      const broker = await kit.broker()
      const listener = await kit.listener(broker)
      const config = async (cam: string, device: string) =>
        kit.config({ broker, cameras: [{ id: cam }], top: { device } })
      const online = (topic: string) =>
        kit.until(`${topic} online`, () => /"online"/.test(String(listener.on(topic).at(-1)?.payload)), 120)
      const gone = (topic: string) =>
        kit.until(`${topic} gone`, () => listener.on(topic).at(-1)?.payload.length === 0, 120)
      const first = kit.agent(await config('north', 'field'))
      await online(`${root}/cam/north/state`)
      await first.kill()
      const second = kit.agent(await config('south', 'field'))
      await gone(`${root}/cam/north/state`)
      await online(`${root}/cam/south/state`)
      await second.stop()
      const third = kit.agent(await config('south', 'other'))
      for (const topic of ['state', 'info', 'health', 'cam/south/state']) await gone(`${root}/${topic}`)
      const late = await kit.listener(broker)
      await kit.until('what is retained', () => late.on(/v1\/other\/state$/).length > 0)
      const left = late.messages.filter(({ topic, retained }) => retained && topic.startsWith(`${root}/`))
      const line = await third.logged('retained messages of names that are gone are taken back')
      await third.stop()
      return { said: `${line.msg}: ${line.topics}`, recoveryMs: null, lost: left.length, ok: left.length === 0 }
    },
  },
  {
    id: 'brokers/embedded-frozen',
    fault: 'embedded broker: two subscribers freeze (SIGSTOP), one with a session of its own goes for good',
    short: true,
    seconds: 60,
    async run(kit) {
      const port = await kit.freePort()
      const url = `mqtt://127.0.0.1:${port}`
      const agent = kit.agent(await kit.config({ mqtt: { embeddedPort: port } }))
      await agent.logged('running')
      const listener = await kit.listener({ url }, { client: { protocolVersion: 4 } })
      const sub = (...args: string[]) => Subscriber.start({ port, version: '311', filters: ['#'], args })
      const session = await sub('-c', '-i', 'gone')
      await session.stop()
      const frozen = await sub()
      kit.defer(() => frozen.stop())
      frozen.freeze()
      const froze = performance.now()
      await kit.until('it to be thrown out', async () => (await connections(kit, port)) <= 2, 120)
      const thrownMs = since(froze)
      const { size } = listener.frames
      await kit.until('frames', () => listener.frames.size > size + 20, 120)
      const again = await sub('-c', '-i', 'gone')
      kit.defer(() => again.stop())
      const held = again.messages.filter(({ retained }) => !retained).length
      const out = `thrown out after ${(thrownMs / 1000).toFixed(1)} s; ${held} messages held for the one that went`
      const outcome = await whole(kit, agent, listener, { said: out, recoveryMs: thrownMs })
      return { ...outcome, ok: outcome.ok && held < 10 }
    },
  },
]

/** Established connections to a port of this machine, without their other ends. */
async function connections(kit: Kit, port: number): Promise<number> {
  const text = await kit.sh(`ss -Htn state established "( sport = :${port} )" | wc -l`)
  return Number(text.trim())
}

/** What no broker at hand does: answers by a script, each said and none sent twice. */
function scripted(): Scenario[] {
  const refused = (id: string, fault: string, script: Script, says: RegExp, connected = true): Scenario => ({
    id: `brokers/${id}`,
    fault,
    short: false,
    seconds: 30,
    async run(kit) {
      const broker = await ScriptedBroker.start(script)
      kit.defer(() => broker.stop())
      const agent = kit.agent(await kit.config({ broker }))
      const line = await agent.logged((one) => says.test(String(one.reason)), 180)
      const taken = () => broker.on(/\/cls$/).length
      if (connected) await kit.until('30 results', () => taken() >= 30, 240)
      await agent.stop()
      const seqs = broker.on(/\/cls$/).map(({ payload }) => JSON.parse(String(payload)).seq)
      const twice = seqs.length - new Set(seqs).size
      const bits = broker.on(/\/bits\//).length
      return {
        said: said(line),
        recoveryMs: null,
        lost: 0,
        ok: twice <= 5,
        note: `${taken()} results (${twice} twice), ${bits} bitstreams tried, ${broker.connects.length} connections`,
      }
    },
  })
  return [
    refused(
      'quota',
      'a quota (0x97) for bitstreams',
      { publish: ({ topic }) => (/bits/.test(topic) ? 0x97 : 0) },
      /quota/,
    ),
    refused(
      'hangs-up-on-bits',
      'the broker hangs up on bits/#',
      { publish: ({ topic }) => (/bits/.test(topic) ? 'hang_up' : 0) },
      /hangs up/,
    ),
    refused(
      'hangs-up-5-reason',
      'the broker disconnects with 0x87 on bits/#',
      { publish: ({ topic }) => (/bits/.test(topic) ? { disconnect: 0x87 } : 0) },
      /hangs up/,
    ),
    refused(
      '311-no-retain',
      '3.1.1, and it hangs up on whatever is retained',
      {
        connect: ({ protocolVersion }) => (protocolVersion === 5 ? 0x84 : 0),
        publish: ({ retain }) => (retain ? 'hang_up' : 0),
      },
      /keeps none/,
    ),
    refused('311-no-qos-1', 'it hangs up on QoS 1', { publish: ({ qos }) => (qos ? 'hang_up' : 0) }, /QoS 0 only/),
    refused(
      'use-another',
      'CONNACK 0x9c with another address',
      { connect: () => ({ code: 0x9c, properties: { serverReference: 'b2.example:1883' } }) },
      /set mqtt\.url to that one/,
      false,
    ),
    refused('banned', 'CONNACK 0x8a', { connect: () => 0x8a }, /banned/, false),
  ]
}

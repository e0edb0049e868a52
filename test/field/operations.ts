/** What owners do to a box that runs: new configurations, wrong ones, ports that are taken, logs that cannot be written. */
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { Kit } from './kit.js'
import type { Outcome, Scenario } from './scenario.js'

type Config = Record<string, unknown>

async function box(kit: Kit, top: Config = {}) {
  const broker = await kit.broker()
  const listener = await kit.listener(broker)
  const config = await kit.config({ broker, top })
  const agent = kit.agent(config)
  await agent.logged('running')
  const rows = () => kit.archive.rows(kit.stateDir)
  await kit.until('frames', () => rows().length > 10)
  return { broker, listener, config, agent, rows, file: agent.child.spawnargs.at(-1)! }
}

type Named = { readonly cam: string; readonly boot: string; readonly seq: number }
const nameOf = ({ cam, boot, seq }: Named) => `${cam}/${boot}/${seq}`

const unseen = (kit: Kit, results: readonly Named[]) => {
  const names = new Set(results.map(nameOf))
  return kit.archive.rows(kit.stateDir).filter((row) => !names.has(nameOf(row))).length
}

/** Ends the box and counts what was committed and never reached the listener. */
async function lostBy(kit: Kit, world: Awaited<ReturnType<typeof box>>): Promise<number> {
  await kit.until('an empty outbox', () => kit.archive.outbox(kit.stateDir).size < 3)
  await world.agent.stop()
  const results = () =>
    world.listener.messages
      .filter(({ topic }) => topic.endsWith('/cls'))
      .map(({ payload }) => JSON.parse(String(payload)) as Named)
  await kit.until('the last results', () => unseen(kit, results()) === 0, 30).catch(() => {})
  return unseen(kit, results()) + kit.archive.gaps(world.rows()).length
}

const status = (kit: Kit, file: string) => kit.cli(['status', '--config', file])

export const scenarios: Scenario[] = [
  {
    id: 'operations/reload-good',
    fault: 'SIGHUP with another frame rate and a second camera, frames flowing',
    short: true,
    async run(kit): Promise<Outcome> {
      const world = await box(kit)
      const [camera] = world.config.cameras as Config[]
      const cameras = [
        { ...camera, fps: 4 },
        { ...camera, id: 'cam2' },
      ]
      writeFileSync(world.file, JSON.stringify({ ...world.config, cameras }))
      const started = performance.now()
      world.agent.signal('SIGHUP')
      await kit.until('frames of the second camera', () => world.rows().some(({ cam }) => cam === 'cam2'))
      const recoveryMs = performance.now() - started
      const line = world.agent.find('reloading')
      const lost = await lostBy(kit, world)
      return { said: `reloading: ${line?.changed}`, recoveryMs, lost, ok: lost === 0 && line !== undefined }
    },
  },
  {
    id: 'operations/reload-wrong',
    fault: 'SIGHUP with a configuration that is wrong, then a bundle that is not there, then one that cannot start',
    short: true,
    async run(kit): Promise<Outcome> {
      const world = await box(kit)
      const good = readFileSync(world.file, 'utf8')
      const wrong = 'the new configuration is wrong; the old one goes on'
      for (const [i, text] of [
        'cameras: 5\n',
        JSON.stringify({ ...world.config, bundle: '/nonexistent/b' }),
      ].entries()) {
        writeFileSync(world.file, text)
        world.agent.signal('SIGHUP')
        await kit.until('the error', () => world.agent.count(wrong) > i)
      }
      const before = world.rows().length
      await kit.until('frames go on', () => world.rows().length > before + 5)
      const boots = new Set(world.rows().map(({ boot }) => boot)).size
      const shown = await status(kit, world.file)
      writeFileSync(world.file, good)
      const said = String(world.agent.find(wrong)?.reason)
      const lost = await lostBy(kit, world)
      return { said, recoveryMs: 0, lost, ok: lost === 0 && boots === 1 && shown.code === 1 }
    },
  },
  {
    id: 'operations/reload-storm',
    fault: '300 SIGHUPs in a row, the file changing between them',
    short: false,
    seconds: 60,
    async run(kit): Promise<Outcome> {
      const world = await box(kit)
      for (let i = 0; i < 300; i++) {
        writeFileSync(world.file, JSON.stringify({ ...world.config, healthSeconds: 1 + (i % 7) }))
        world.agent.signal('SIGHUP')
        if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 100))
      }
      writeFileSync(world.file, JSON.stringify({ ...world.config, healthSeconds: 2 }))
      world.agent.signal('SIGHUP')
      const started = performance.now()
      const boots = () => new Set(world.rows().map(({ boot }) => boot)).size
      await kit.until('it to be online', async () => (await status(kit, world.file)).code === 0)
      const recoveryMs = performance.now() - started
      const count = boots()
      const lost = await lostBy(kit, world)
      return { said: `${count} agents for 301 signals`, recoveryMs, lost, ok: lost === 0 && count < 60 }
    },
  },
  {
    id: 'operations/http-port-taken',
    fault: 'the port of http: is taken, then free; clients that say nothing',
    short: true,
    async run(kit): Promise<Outcome> {
      const other = createServer().listen(0, '127.0.0.1')
      await once(other, 'listening')
      kit.defer(() => other.close())
      const { port } = other.address() as { port: number }
      const world = await box(kit, { http: { port } })
      const line = await world.agent.logged('nobody can ask over HTTP; everything else goes on')
      other.close()
      const started = performance.now()
      const health = () => fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined)
      await kit.until('the port', async () => (await health())?.status === 200)
      const recoveryMs = performance.now() - started
      const silent = Array.from({ length: 100 }, () => connect(port, '127.0.0.1').on('error', () => {}))
      kit.defer(() => {
        for (const socket of silent) socket.destroy()
      })
      await kit.until('an answer beside silent clients', async () => (await health())?.status === 200)
      const lost = await lostBy(kit, world)
      return { said: String(line.reason), recoveryMs, lost, ok: lost === 0 }
    },
  },
  {
    id: 'operations/log-full',
    fault: 'the log goes to a disk that is full (2>/dev/full)',
    short: true,
    async run(kit): Promise<Outcome> {
      const broker = await kit.broker()
      const config = await kit.config({ broker })
      const agent = kit.agent(config, { stderrTo: '/dev/full' })
      await kit.until('frames', () => agent.running && kit.archive.rows(kit.stateDir).length > 10)
      const shown = await kit.cli(['status', '--state-dir', kit.stateDir])
      const { code } = await agent.stop()
      const lost = kit.archive.gaps(kit.archive.rows(kit.stateDir)).length
      return {
        said: shown.out.split('\n')[0]!,
        recoveryMs: null,
        lost,
        ok: code === 0 && shown.code === 0 && lost === 0,
      }
    },
  },
  {
    id: 'operations/log-pipe-closed',
    fault: 'whoever reads the log goes away',
    short: true,
    async run(kit): Promise<Outcome> {
      const world = await box(kit)
      world.agent.child.stderr!.destroy()
      await world.broker.kill()
      const before = world.rows().length
      await kit.until('frames go on', () => world.rows().length > before + 10)
      const shown = await status(kit, world.file)
      const { code } = await world.agent.stop()
      const said = shown.out.split('\n').find((line) => line.startsWith('!')) ?? ''
      return { said, recoveryMs: null, lost: kit.archive.gaps(world.rows()).length, ok: code === 0 && shown.code === 1 }
    },
  },
  {
    id: 'operations/log-repeats',
    fault: 'the broker dies and comes back eight times',
    short: false,
    seconds: 180,
    async run(kit): Promise<Outcome> {
      const world = await box(kit)
      const back = 'connected to the broker'
      const connects = async () => {
        const { out } = await kit.cli(['status', '--config', world.file, '--json'])
        const { health } = JSON.parse(out) as { health: { broker: { connects: number; connected: boolean } } }
        return health.broker.connected ? health.broker.connects : 0
      }
      for (let i = 1; i <= 8; i++) {
        await world.broker.kill()
        await world.broker.up()
        await kit.until('the connection', async () => (await connects()) > i)
      }
      const shown = world.agent.count(back)
      const line = await world.agent.logged(/connected to the broker \(repeated/, 300)
      const lost = await lostBy(kit, world)
      return {
        said: line.msg,
        recoveryMs: null,
        lost,
        ok: lost === 0 && shown <= 3,
        note: `shown ${shown} times before`,
      }
    },
  },
]

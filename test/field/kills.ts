/** Processes that end without a word, and a network that loses a third of what it is given. Proof by keys. */
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { cli } from './agent.js'
import { scenarios as network } from './network.js'
import { outcomeOf, prove } from './proof.js'
import { cameras, LOST, median, PATIENCE_SECONDS, settle, started } from './runs.js'
import type { Scenario } from './scenario.js'

export const scenarios: Scenario[] = [
  {
    id: 'kills/agent-100',
    fault: 'SIGKILL to the agent, 100 times (short: 6), at random moments while it commits and publishes',
    short: true,
    seconds: 100,
    longSeconds: 1200,
    limitSeconds: 7200,
    async run(kit) {
      const times = kit.run.short ? 6 : 100
      const broker = await kit.broker()
      const listener = await kit.listener(broker, { compact: true })
      const config = await kit.config({ broker, cameras: await cameras(kit) })
      const starts: number[] = []
      for (let i = 0; i < times; i++) {
        const agent = await started(kit, config, listener)
        starts.push(performance.now() - agent.startedAt)
        await wait(kit.random() * 2500)
        await agent.kill()
        if (i % 10 === 9) kit.say(`${i + 1} of ${times}, ${listener.frames.size} frames received`)
      }
      await settle(kit, config)
      return outcomeOf(`${times} SIGKILLs`, prove(kit, listener, 'bits'), median(starts))
    },
  },
  {
    id: 'kills/agent-starting',
    fault: 'SIGKILL to the agent, 20 times (short: 3), at random moments while it starts',
    short: true,
    seconds: 40,
    longSeconds: 200,
    limitSeconds: 3600,
    async run(kit) {
      const times = kit.run.short ? 3 : 20
      const broker = await kit.broker()
      const listener = await kit.listener(broker, { compact: true })
      const config = await kit.config({ broker, cameras: await cameras(kit) })
      const first = await started(kit, config, listener)
      const startMs = performance.now() - first.startedAt
      broker.freeze() // what it cannot send now is sent while it starts
      const newest = kit.archive.rows(kit.stateDir).at(-1)?.id ?? 0
      await kit.until(
        '50 frames more',
        () => (kit.archive.rows(kit.stateDir).at(-1)?.id ?? 0) > newest + 50,
        PATIENCE_SECONDS,
      )
      await first.kill()
      broker.thaw()
      for (let i = 0; i < times; i++) {
        const agent = kit.agent(config)
        await wait(kit.random() * startMs)
        await agent.kill()
      }
      const recoveryMs = await settle(kit, config)
      return outcomeOf(
        `${times} SIGKILLs within ${(startMs / 1000).toFixed(1)} s`,
        prove(kit, listener, 'bits'),
        recoveryMs,
      )
    },
  },
  {
    id: 'kills/agent-stopping',
    fault: 'SIGTERM, then SIGKILL at a random moment of the next 2 s, with frames unsent; 20 times (short: 2)',
    short: true,
    seconds: 40,
    longSeconds: 300,
    limitSeconds: 3600,
    async run(kit) {
      const times = kit.run.short ? 2 : 20
      const broker = await kit.broker()
      const listener = await kit.listener(broker, { compact: true })
      const config = await kit.config({ broker, cameras: await cameras(kit) })
      for (let i = 0; i < times; i++) {
        const agent = await started(kit, config, listener)
        broker.freeze() // the outbox fills, and the drain has something to do
        await wait(1000 + kit.random() * 1000)
        agent.signal('SIGTERM')
        await wait(kit.random() * 2000)
        if (agent.running) await agent.kill()
        broker.thaw()
      }
      const recoveryMs = await settle(kit, config)
      return outcomeOf(`${times} SIGKILLs on the way down`, prove(kit, listener, 'bits'), recoveryMs)
    },
  },
  {
    id: 'kills/agent-evicting',
    fault: 'SIGKILL to the agent, 10 times (short: 2), while it evicts what is over maxMegabytes',
    short: true,
    seconds: 60,
    longSeconds: 200,
    limitSeconds: 3600,
    async run(kit) {
      const times = kit.run.short ? 2 : 10
      const source = await kit.clip({ fps: 25 })
      const fast = [{ id: 'a', source, pace: 'fast', fps: 25, heads: [] }]
      const filling = await kit.config({ cameras: fast })
      const evicting = await kit.config({
        cameras: [{ ...fast[0], pace: 'realtime' }],
        archive: { maxMegabytes: 1 },
      })
      const frames = () => kit.archive.rows(kit.stateDir).length
      let seen = 0
      for (let i = 0; i < times; i++) {
        const filler = kit.agent(filling)
        await kit.until('2000 frames to be archived', () => frames() >= 2000, PATIENCE_SECONDS)
        await filler.stop()
        const full = frames()
        const agent = kit.agent(evicting)
        await kit.until('the eviction to begin', () => frames() < full, PATIENCE_SECONDS)
        await wait(kit.random() * 300)
        await agent.kill()
        seen += full - frames()
      }
      const begun = performance.now()
      const last = kit.agent(evicting)
      const bytes = () =>
        kit.archive.query<{ n: number }>(kit.stateDir, 'SELECT sum(bytes + length(result)) AS n FROM frames')[0]!.n
      await kit.until('the archive to be within its limit', () => bytes() <= 1e6, PATIENCE_SECONDS)
      const recoveryMs = performance.now() - begun
      await last.stop()
      const rows = kit.archive.rows(kit.stateDir)
      const orphans = kit.archive.query(
        kit.stateDir,
        'SELECT frame_id FROM outbox WHERE frame_id NOT IN (SELECT id FROM frames)',
      )
      const [check] = kit.archive.query<{ integrity_check: string }>(kit.stateDir, 'PRAGMA integrity_check')
      const gaps = kit.archive.gaps(rows)
      return {
        said: `${seen} evicted before the kills; ${rows.length} left, integrity ${check?.integrity_check}, ${orphans.length} outbox rows without a frame`,
        recoveryMs,
        lost: gaps.length,
        ok: check?.integrity_check === 'ok' && orphans.length === 0 && gaps.length === 0 && rows.length > 0,
      }
    },
  },
  {
    id: 'kills/agent-frozen',
    fault: 'SIGSTOP to the agent until the broker has given it up (a box that was suspended), then SIGCONT',
    short: true,
    seconds: 60,
    async run(kit) {
      const broker = await kit.broker()
      const listener = await kit.listener(broker, { compact: true })
      const config = await kit.config({ broker, cameras: await cameras(kit), mqtt: { keepaliveSeconds: 10 } })
      const agent = await started(kit, config, listener)
      agent.signal('SIGSTOP')
      await kit.until('the broker to give it up', () => /closing connection|exceeded timeout/i.test(broker.log), 120)
      const { size } = listener.frames
      agent.signal('SIGCONT')
      const begun = performance.now()
      await kit.until('results to come again', () => listener.frames.size > size + 5, PATIENCE_SECONDS)
      const recoveryMs = performance.now() - begun
      const said = agent.find(LOST)?.reason
      await agent.stop()
      await settle(kit, config)
      return outcomeOf(`connection lost: ${said}`, prove(kit, listener, 'bits'), recoveryMs)
    },
  },
  {
    id: 'kills/rebuild',
    fault: 'SIGKILL to `blindsight rebuild`, 10 times (short: 3), at random moments; then once to its end',
    short: true,
    seconds: 40,
    longSeconds: 60,
    limitSeconds: 1800,
    async run(kit) {
      const times = kit.run.short ? 3 : 10
      const source = await kit.clip({ fps: 25 })
      const agent = kit.agent(await kit.config({ cameras: [{ source, pace: 'fast', heads: [] }] }))
      await kit.until('1000 frames', () => kit.archive.rows(kit.stateDir).length >= 1000, PATIENCE_SECONDS)
      await agent.stop()
      const kept = kit.archive.query<{ name: string; bits: Buffer }>(
        kit.stateDir,
        "SELECT boot || '-' || printf('%06d', seq) AS name, bits FROM frames ORDER BY id",
      )
      const backup = kit.path('backup')
      mkdirSync(backup)
      for (const { name, bits } of kept) writeFileSync(join(backup, `${name}.bsf`), bits)
      const again = kit.path('again')
      const words = ['rebuild', '--state-dir', again, backup]
      const begun = performance.now()
      await kit.cli(['rebuild', '--state-dir', kit.path('timed'), backup])
      const whole = performance.now() - begun
      const left: number[] = []
      for (let i = 0; i < times; i++) {
        const run = kit.processes.spawn(process.execPath, [cli, ...words], { stdio: 'ignore' })
        const ended = once(run, 'exit')
        await wait(whole * (0.3 + 0.7 * kit.random())) // before that it only loads itself
        run.kill('SIGKILL')
        await ended
        left.push(kit.archive.rows(again).length)
      }
      const last = performance.now()
      const { code, out, err } = await kit.cli(words)
      const rows = kit.archive.rows(again)
      const back = new Set(rows.map(({ sha256 }) => sha256))
      const lost = kit.archive.rows(kit.stateDir).filter(({ sha256 }) => !back.has(sha256)).length
      return {
        said: `after each kill ${left.join(', ')} frames; then: ${(out || err).trim()}`,
        recoveryMs: performance.now() - last,
        lost,
        ok: code === 0 && lost === 0 && rows.length === kept.length,
      }
    },
  },
  ...network,
]

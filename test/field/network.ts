/** What lies between agent and broker, and the broker itself, end without a word. */
import { setTimeout as wait } from 'node:timers/promises'
import { outcomeOf, prove } from './proof.js'
import { cameras, LOST, median, PATIENCE_SECONDS, sent, started } from './runs.js'
import type { Scenario } from './scenario.js'

export const scenarios: Scenario[] = [
  {
    id: 'kills/broker-20',
    fault: 'kill -9 of mosquitto, 20 times (short: 4), under load; started again after up to 3 s',
    short: true,
    seconds: 60,
    longSeconds: 240,
    limitSeconds: 3600,
    async run(kit) {
      const times = kit.run.short ? 4 : 20
      const broker = await kit.broker()
      const relay = await kit.relay(broker)
      const listener = await kit.listener(broker, { compact: true })
      const config = await kit.config({ broker: relay, cameras: await cameras(kit) })
      const agent = await started(kit, config, listener)
      const back: number[] = []
      for (let i = 0; i < times; i++) {
        await wait(500 + kit.random() * 2500)
        const { subscribed } = listener
        await broker.kill()
        await relay.close() // the subscriber is to be back before the agent is
        await wait(kit.random() * 3000)
        await broker.up()
        await listener.again(subscribed)
        const { size } = listener.frames
        const up = performance.now()
        await relay.open()
        await kit.until('results to come again', () => listener.frames.size > size, PATIENCE_SECONDS)
        back.push(performance.now() - up)
      }
      const behind = kit.archive.outbox(kit.stateDir).size
      const stayed = performance.now()
      await sent(kit)
      const caughtUp = ((performance.now() - stayed) / 1000).toFixed(0)
      await agent.stop()
      const longest = (Math.max(...back) / 1000).toFixed(1)
      return outcomeOf(
        `${times} deaths, at most ${longest} s until results came again; ${behind} frames behind, sent within ${caughtUp} s`,
        prove(kit, listener, 'bits', relay),
        median(back),
      )
    },
  },
  {
    id: 'kills/loss-30-percent',
    fault:
      '30 % of the packets lost each way between agent and broker for 4 minutes (short: 50 s), the agent killed in the middle of it',
    short: true,
    seconds: 90,
    longSeconds: 280,
    limitSeconds: 1800,
    async run(kit) {
      const namespace = await kit.namespace()
      const broker = await kit.broker({ address: namespace.host })
      const listener = await kit.listener(broker, { compact: true })
      const config = await kit.config({ broker, cameras: [{ fps: 5 }], mqtt: { keepaliveSeconds: 10 } })
      const first = kit.agent(config, { namespace })
      await kit.until('frames before the loss', () => listener.frames.size > 5, PATIENCE_SECONDS)
      await namespace.lose(0.3)
      const { size } = listener.frames
      await wait(kit.run.short ? 20_000 : 120_000)
      await first.kill()
      const agent = kit.agent(config, { namespace })
      await wait(kit.run.short ? 30_000 : 120_000)
      const through = listener.frames.size - size
      await namespace.lose(0)
      const mended = performance.now()
      await sent(kit)
      const recoveryMs = performance.now() - mended
      await agent.stop()
      const lostLinks = first.find(LOST) ?? agent.find(LOST)
      return outcomeOf(
        `${through} frames came through meanwhile, ${lostLinks ? `the connection was lost (${lostLinks.reason})` : 'the connection held'}`,
        prove(kit, listener, 'cls'),
        recoveryMs,
      )
    },
  },
  {
    id: 'kills/cable-out',
    fault: 'the cable between agent and broker out for 40 s, without a word to either; then in again',
    short: true,
    seconds: 80,
    async run(kit) {
      const namespace = await kit.namespace()
      const broker = await kit.broker({ address: namespace.host })
      const listener = await kit.listener(broker, { compact: true })
      const config = await kit.config({ broker, mqtt: { keepaliveSeconds: 10 } })
      const agent = kit.agent(config, { namespace })
      await kit.until('frames before', () => listener.frames.size > 5, PATIENCE_SECONDS)
      await namespace.lose(1)
      await agent.logged(LOST, 180)
      await wait(20_000)
      await namespace.lose(0)
      const begun = performance.now()
      await sent(kit)
      const recoveryMs = performance.now() - begun
      const said = agent.find(LOST)?.reason
      await agent.stop()
      return outcomeOf(`connection lost: ${said}`, prove(kit, listener, 'cls'), recoveryMs)
    },
  },
]

/** No fault: what the others are held against. */
import type { Scenario } from './scenario.js'

const DAY_SECONDS = 86_400

export const scenarios: Scenario[] = [
  {
    id: 'baseline/no-fault',
    fault: 'nothing: 20 frames committed, published, received; SIGTERM',
    short: true,
    seconds: 10,
    async run(kit) {
      const broker = await kit.broker()
      const listener = await kit.listener(broker)
      const agent = kit.agent(await kit.config({ broker }))
      await agent.logged('running')
      const running = performance.now() - agent.startedAt
      await kit.until('20 frames', () => listener.frames.size >= 20)
      const { code } = await agent.stop()
      const rows = kit.archive.rows(kit.stateDir)
      const lost = rows.filter(({ cam, boot, seq }) => !listener.has('field', cam, boot, seq, 'cls')).length
      const state = listener.latest<{ state: string }>('/state')?.state
      return {
        said: `running after ${(running / 1000).toFixed(1)} s, ${rows.length} frames, exit ${code}, state ${state}`,
        recoveryMs: null,
        lost,
        ok:
          code === 0 &&
          lost === 0 &&
          listener.outOfOrder.length === 0 &&
          listener.duplicates === 0 &&
          state === 'stopped',
      }
    },
  },
  {
    id: 'baseline/faults-arrive',
    fault: 'the tools themselves: the clock a day ahead, then right; the cable cut, then mended',
    short: true,
    seconds: 25,
    async run(kit) {
      const clock = kit.clock(DAY_SECONDS)
      const namespace = await kit.namespace()
      const broker = await kit.broker({ address: namespace.host })
      const listener = await kit.listener(broker)
      const config = await kit.config({ broker, mqtt: { keepaliveSeconds: 5 }, top: { clock: { trust: 'always' } } })
      const agent = kit.agent(config, { clock, namespace })
      const daysOff = () => (Date.parse(String(listener.latest<{ ts: string }>('/cls')?.ts)) - Date.now()) / 86_400_000
      await kit.until('a result a day ahead', () => Math.abs(daysOff() - 1) < 0.1, 120)
      clock.set(0)
      await kit.until('a result of now', () => Math.abs(daysOff()) < 0.1, 120)
      await namespace.lose(1)
      const { msg } = await agent.logged(/connection to the broker lost/, 180)
      await namespace.lose(0)
      const mended = performance.now()
      await kit.until('the connection to be back', () => agent.count('connected to the broker') > 1, 180)
      return { said: msg, recoveryMs: performance.now() - mended, lost: 0, ok: true }
    },
  },
]

/** Clocks that are wrong, leap and are set right, under the real agent. Nothing may be lost, whatever they say. */
import type { FieldAgent } from './agent.js'
import type { FakeClock } from './faketime.js'
import type { Kit } from './kit.js'
import type { Listener } from './listener.js'
import type { Outcome, Scenario } from './scenario.js'

const DAY = 86_400

interface Result {
  readonly seq: number
  readonly boot: string
  readonly ts: string
  readonly clk: string
  readonly hist: boolean
  readonly mono_ns: string
}
interface Health {
  readonly archive: { evicted: number; restamped: number }
  readonly drops: { outbox: number }
  readonly clock: { known: boolean; reason: string }
}

const rows = (kit: Kit) => kit.archive.rows(kit.stateDir)
const committed = (kit: Kit, n: number) => kit.until(`${n} frames`, () => rows(kit).length >= n, 180)
const results = (listener: Listener) => listener.json<Result>(/\/cls$/)
const ago = (us: number) => Date.now() - us / 1000
/** Every committed frame, by name, that is neither in the archive any more nor was received. */
function lostOf(kit: Kit, names: Iterable<string>, listener?: Listener): number {
  const here = new Set(rows(kit).map(({ cam, boot, seq }) => `${cam}/${boot}/${seq}`))
  return [...names].filter((name) => !here.has(name) || (listener && !listener.frames.has(`field/${name}`))).length
}
const namesOf = (kit: Kit) => rows(kit).map(({ cam, boot, seq }) => `${cam}/${boot}/${seq}`)
const inOrder = (times: readonly number[]) => times.every((time, i) => i === 0 || time >= times[i - 1]!)
const reason = (agent: FieldAgent) => String(agent.log.findLast(({ msg }) => msg === 'clock')?.reason ?? 'nothing')
const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000))

/** A run on a right clock, so that there is something to lose. */
async function filled(kit: Kit, config: object, clock: FakeClock, frames: number): Promise<string[]> {
  const agent = kit.agent(config, { clock })
  await committed(kit, frames)
  await agent.stop()
  return namesOf(kit)
}

/** A broker that is away until `mend`. */
async function awayBroker(kit: Kit) {
  const broker = await kit.broker()
  await broker.stop()
  return broker
}

async function steppedWhileRunning(kit: Kit, offsetSeconds: number): Promise<Outcome> {
  const clock = kit.clock()
  const broker = await kit.broker()
  const listener = await kit.listener(broker)
  const config = await kit.config({ broker, cameras: [{ coding: 'fast', keyframeSeconds: 2 }] })
  const agent = kit.agent(config, { clock })
  await committed(kit, 30)
  clock.set(offsetSeconds)
  await pause(16)
  const said = reason(agent)
  clock.set(0)
  const before = rows(kit).length
  await committed(kit, before + 30)
  await agent.stop()
  const names = namesOf(kit)
  const keys = kit.archive.query<{ n: number }>(kit.stateDir, 'SELECT count(DISTINCT key_seq) AS n FROM frames')[0]!.n
  const times = rows(kit).map(({ time_us }) => time_us)
  const health = listener.latest<Health>('/health')!
  const lost = lostOf(kit, names, listener) + health.archive.evicted + kit.archive.gaps(rows(kit)).length
  const near = times.every((us) => Math.abs(ago(us)) < 600_000)
  return {
    said,
    recoveryMs: null,
    lost,
    ok: lost === 0 && inOrder(times) && near && keys >= 5 && results(listener).every(({ hist }) => !hist),
    note: `${names.length} frames, ${keys} keyframes, times in order ${inOrder(times)} and right ${near}`,
  }
}

export const scenarios: Scenario[] = [
  {
    id: 'clock/ahead-60-days',
    fault: 'an archive with frames; the next run starts with the clock 60 days ahead, for 16 s',
    short: true,
    seconds: 40,
    async run(kit) {
      const clock = kit.clock()
      const broker = await kit.broker()
      const listener = await kit.listener(broker)
      const config = await kit.config({ broker, archive: { maxDays: 30 } })
      const names = await filled(kit, config, clock, 60)
      clock.set(60 * DAY)
      const agent = kit.agent(config, { clock })
      await agent.logged('running')
      await pause(16)
      const said = reason(agent)
      const { evicted } = listener.latest<Health>('/health')!.archive
      await agent.stop()
      clock.set(0)
      const after = kit.agent(config, { clock })
      await after.logged('running')
      await committed(kit, rows(kit).length + 10)
      await after.stop()
      const times = rows(kit).map(({ time_us }) => time_us)
      const near = times.every((us) => Math.abs(ago(us)) < 600_000)
      const lost = lostOf(kit, names)
      return {
        said,
        recoveryMs: null,
        lost,
        ok: lost === 0 && evicted === 0 && near && inOrder(times),
        note: `${evicted} evicted of ${names.length}; afterwards all times right: ${near}`,
      }
    },
  },
  {
    id: 'clock/ahead-while-running',
    fault: 'the clock goes 60 days ahead while the agent runs, for 16 s',
    short: false,
    seconds: 50,
    run: (kit) => steppedWhileRunning(kit, 60 * DAY),
  },
  {
    id: 'clock/back-a-day',
    fault: 'the clock goes back by a day while the agent runs, for 16 s',
    short: true,
    seconds: 50,
    run: (kit) => steppedWhileRunning(kit, -DAY),
  },
  {
    id: 'clock/leap-to-2106',
    fault: 'the clock leaps to 2106 while the agent runs, for 16 s',
    short: false,
    seconds: 50,
    run: (kit) => steppedWhileRunning(kit, 80 * 365 * DAY),
  },
  {
    id: 'clock/starts-in-1970',
    fault: 'started in 1970 with the broker away, then set right; then the broker comes',
    short: true,
    seconds: 60,
    async run(kit) {
      const clock = kit.clock()
      clock.show('1970-01-01T00:01:00Z')
      const broker = await awayBroker(kit)
      const config = await kit.config({ broker })
      const agent = kit.agent(config, { clock })
      await committed(kit, 60)
      const wrong = namesOf(kit)
      const said = reason(agent)
      clock.set(0)
      const set = performance.now()
      await kit.until('frames restamped', () => agent.find('frames have been moved to their right time'), 120)
      const recoveryMs = performance.now() - set
      await pause(6) // as long as an upkeep
      await broker.up()
      const listener = await kit.listener(broker)
      await kit.until('what was taken before', () => wrong.every((name) => listener.frames.has(`field/${name}`)), 180)
      await agent.stop()
      const lost = lostOf(kit, wrong, listener)
      const early = results(listener).filter(({ boot, seq }) => wrong.includes(`cam/${boot}/${seq}`))
      const restamped = early.filter(
        ({ clk, ts }) => clk === 'restamped' && Math.abs(Date.now() - Date.parse(ts)) < 600_000,
      )
      const times = rows(kit).map(({ time_us }) => time_us)
      return {
        said,
        recoveryMs,
        lost,
        ok: lost === 0 && early.length === wrong.length && restamped.length === early.length && inOrder(times),
        note: `${restamped.length} of ${wrong.length} restamped; times in order ${inOrder(times)}`,
      }
    },
  },
  {
    id: 'clock/behind-5-days',
    fault: 'the clock five days behind what the archive holds, the broker away; then set right',
    short: true,
    seconds: 60,
    async run(kit) {
      const clock = kit.clock()
      const broker = await awayBroker(kit)
      const config = await kit.config({ broker, outbox: { maxHours: 72 } })
      await filled(kit, config, clock, 30)
      clock.set(-5 * DAY)
      const agent = kit.agent(config, { clock })
      await committed(kit, 80)
      const said = reason(agent)
      const names = namesOf(kit)
      clock.set(0)
      await pause(12)
      await broker.up()
      const listener = await kit.listener(broker)
      await kit.until('everything', () => names.every((name) => listener.frames.has(`field/${name}`)), 180)
      await agent.stop()
      const behind = results(listener).filter(({ boot, seq }) => names.slice(30).includes(`cam/${boot}/${seq}`))
      const right = behind.every(({ clk, ts }) => clk !== 'ok' && Math.abs(Date.now() - Date.parse(ts)) < 600_000)
      const lost = lostOf(kit, names, listener)
      return {
        said,
        recoveryMs: null,
        lost,
        ok: lost === 0 && right,
        note: `clk ${[...new Set(behind.map(({ clk }) => clk))]}`,
      }
    },
  },
  {
    id: 'clock/fresh-box-5-days-behind',
    fault: 'a new box, five days behind, broker away; stopped, and started again on the right clock',
    short: false,
    seconds: 60,
    async run(kit) {
      const clock = kit.clock(-5 * DAY)
      const broker = await awayBroker(kit)
      const config = await kit.config({ broker, outbox: { maxHours: 72 } })
      const names = await filled(kit, config, clock, 50)
      clock.set(0)
      const agent = kit.agent(config, { clock })
      await agent.logged('running')
      await pause(12)
      await broker.up()
      const listener = await kit.listener(broker)
      await kit.until('everything', () => names.every((name) => listener.frames.has(`field/${name}`)), 180)
      const said = reason(agent)
      await agent.stop()
      const first = results(listener).filter(({ boot, seq }) => names.includes(`cam/${boot}/${seq}`))
      const right = first.every(({ clk, ts }) => clk === 'restamped' && Math.abs(Date.now() - Date.parse(ts)) < 600_000)
      const lost = lostOf(kit, names, listener)
      return {
        said,
        recoveryMs: null,
        lost,
        ok: lost === 0 && right,
        note: `clk ${[...new Set(first.map(({ clk }) => clk))]}`,
      }
    },
  },
  {
    id: 'clock/set-right-twice',
    fault: 'starts in 1970, is set to a day ago, then right, within a second of each other',
    short: false,
    seconds: 50,
    async run(kit) {
      const clock = kit.clock()
      clock.show('1970-01-01T00:01:00Z')
      const broker = await kit.broker()
      const listener = await kit.listener(broker)
      const agent = kit.agent(await kit.config({ broker }), { clock })
      await committed(kit, 40)
      clock.set(-DAY / 24)
      await pause(0.6)
      clock.set(0)
      await committed(kit, rows(kit).length + 40)
      await pause(6)
      const said = reason(agent)
      await agent.stop()
      const times = rows(kit).map(({ time_us }) => time_us)
      const near = times.every((us) => Math.abs(ago(us)) < 600_000)
      const lost = lostOf(kit, namesOf(kit), listener) + kit.archive.gaps(rows(kit)).length
      return {
        said,
        recoveryMs: null,
        lost,
        ok: lost === 0 && near && inOrder(times),
        note: `all times right: ${near}`,
      }
    },
  },
  {
    id: 'clock/archive-from-the-future',
    fault: 'a run 20 days ahead that nobody corrected; then the right clock',
    short: false,
    seconds: 50,
    async run(kit) {
      const clock = kit.clock(20 * DAY)
      const broker = await kit.broker()
      const listener = await kit.listener(broker)
      const config = await kit.config({ broker })
      const names = await filled(kit, config, clock, 40)
      clock.set(0)
      const agent = kit.agent(config, { clock })
      await committed(kit, 80)
      await pause(6)
      const said = reason(agent)
      await agent.stop()
      const times = rows(kit).map(({ time_us }) => time_us)
      const near = times.every((us) => Math.abs(ago(us)) < 600_000)
      const lost = lostOf(kit, names, listener)
      return {
        said,
        recoveryMs: null,
        lost,
        ok: lost === 0 && near && inOrder(times),
        note: `all times right: ${near}`,
      }
    },
  },
  {
    id: 'clock/limit-lowered',
    fault: 'two days later, by a clock that is vouched for, maxDays lowered from 30 to 1: gradual, and said',
    short: false,
    seconds: 50,
    async run(kit) {
      const clock = kit.clock()
      const config = await kit.config({ top: { clock: { trust: 'always' } } })
      const names = await filled(kit, config, clock, 40)
      clock.set(2 * DAY)
      const second = { ...config, archive: { minFreeMegabytes: 0, maxDays: 1 } }
      const agent = kit.agent(second, { clock })
      const { msg } = await agent.logged(/age limits follow the clock gradually/, 120)
      await pause(12)
      await agent.stop()
      const lost = lostOf(kit, names)
      return { said: msg, recoveryMs: null, lost, ok: lost === 0, note: 'of those two days old none within 12 s' }
    },
  },
]

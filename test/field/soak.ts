/**
 * A long run: four looped cameras, the broker away for half of it, one camera failing every 20 s. Resident memory and
 * descriptors are sampled; after the first third they are to be flat; in the end everything has arrived. The broker is away for a
 * moment in the first third, too: what a back-fill needs is then there, and not taken for something that grows.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Kit } from './kit.js'
import { plot } from './plot.js'
import { outcomeOf, prove } from './proof.js'
import { sent } from './runs.js'
import type { Scenario } from './scenario.js'
import { medians, theilSen } from './slope.js'

const MINUTES = 30
const SHORT_MINUTES = 1.5
const SAMPLE_MS = 2000
const FAIL_EVERY_MS = 20_000
/**
 * The heap's sawtooth and the allocator's reuse move resident memory by this much around a level that stays. So a rise is
 * seen only above it: 12 MB an hour in the 20 minutes that 30 leave, less in a longer run. The trial's was 200.
 */
const NOISE_MB = 4
/** A shorter run ends before heap and caches have found their level: it sees only what keeps a good part of each frame (1.4 MB a second). */
const WARM_MINUTES = 15
const WARMING_MB = 40
/** A restarting camera has pipes and a process open or not. */
const NOISE_DESCRIPTORS = 4

interface Sample {
  readonly minutes: number
  readonly residentMb: number
  readonly descriptors: number
}

export const scenarios: Scenario[] = [
  {
    id: 'soak/four-cameras',
    fault:
      '30 minutes (short: 1.5; --minutes) of 4 cameras at 448x256, the broker away for half, one camera failing every 20 s',
    short: true,
    alone: true,
    seconds: 120,
    longSeconds: 1860,
    limitSeconds: 48 * 3600,
    async run(kit) {
      const minutes = kit.run.minutes ?? (kit.run.short ? SHORT_MINUTES : MINUTES)
      const clips = await Promise.all(
        [0, 1, 2, 3].map(() => kit.clip({ width: 448, height: 256, fps: 5, seconds: 30 })),
      )
      const failing = kit.path('failing.mp4')
      await kit.sh(`cp ${clips[3]} ${failing}`)
      const broker = await kit.broker()
      const relay = await kit.relay(broker)
      const listener = await kit.listener(broker, { compact: true })
      const cameras = ['a', 'b', 'c', 'd'].map((id, i) => ({
        id,
        source: id === 'd' ? failing : clips[i],
        width: 448,
        height: 256,
        fps: 1,
        coding: 'fast',
      }))
      const config = await kit.config({ broker: relay, cameras, top: { healthSeconds: 10 } })
      const agent = kit.agent(config)
      await agent.logged('running', 300)
      await kit.until('results of each camera', () => camerasOf(listener.frames).size === 4, 300)

      const begun = performance.now()
      const now = () => (performance.now() - begun) / 60_000
      const samples: Sample[] = []
      const away: [number, number][] = [
        [0.1 * minutes, 0.15 * minutes],
        [0.25 * minutes, 0.75 * minutes],
      ]
      let failures = 0
      let offline = false
      let nextFailure = FAIL_EVERY_MS
      while (now() < minutes) {
        if (!agent.running) throw new Error(`the agent ended: ${agent.tail()}`)
        samples.push(sample(agent.pid, now()))
        if (performance.now() - begun > nextFailure) {
          nextFailure += FAIL_EVERY_MS
          failCamera(kit, failing, failures++)
        }
        const shouldBeAway = away.some(([from, to]) => now() >= from && now() < to)
        if (shouldBeAway && !offline) {
          offline = true
          await broker.kill()
          await relay.close()
        } else if (!shouldBeAway && offline) {
          offline = false
          const { subscribed } = listener
          await broker.up()
          await listener.again(subscribed)
          await relay.open()
        }
        await wait(SAMPLE_MS)
      }
      const up = performance.now()
      await sent(kit, Math.max(300, minutes * 60))
      const drained = performance.now() - up
      const { code } = await agent.stop()

      const measured = samples.filter((s) => s.minutes > minutes / 3)
      const hours = (minutes * 2) / 3 / 60
      const memory = slopeOf(measured, 'residentMb', minutes)
      const files = slopeOf(measured, 'descriptors', minutes)
      const risen = memory.low * hours
      const flat = risen <= (minutes < WARM_MINUTES ? WARMING_MB : NOISE_MB) && files.low * hours <= NOISE_DESCRIPTORS
      const file = writePlot(samples, away, kit.run.outDir)
      const text = ({ slope, low, high }: typeof memory) =>
        `${slope.toFixed(1)} [${low.toFixed(1)}, ${high.toFixed(1)}]`
      const figures = `memory ${measured[0]?.residentMb.toFixed(0)} to ${measured.at(-1)?.residentMb.toFixed(0)} MB, ${text(memory)} MB/h; descriptors ${measured.at(-1)?.descriptors}, ${text(files)} /h; camera d failed ${failures} times; exit ${code}; ${file}`
      const proven = outcomeOf(figures, prove(kit, listener, 'cls', relay), drained)
      return { ...proven, ok: proven.ok && flat && code === 0 }
    },
  },
]

const camerasOf = (frames: Iterable<string>) => new Set([...frames].map((key) => key.split('/')[1]))

/** In turn: its ffmpeg is killed, its file is gone for a while, its ffmpeg hangs. */
function failCamera(kit: Kit, source: string, turn: number): void {
  const own = kit.processes.marked().filter(({ command }) => /ffmpeg/.test(command) && command.includes(source))
  const signal = turn % 3 === 2 ? 'SIGSTOP' : 'SIGKILL'
  if (turn % 3 === 1) {
    renameSync(source, `${source}.away`)
    setTimeout(() => renameSync(`${source}.away`, source), FAIL_EVERY_MS / 4)
  }
  for (const { pid } of own) {
    try {
      process.kill(pid, signal)
    } catch {} // it has just ended by itself
  }
}

function sample(pid: number, minutes: number): Sample {
  const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  return { minutes, residentMb: (kilobytes * 1024) / 1e6, descriptors: readdirSync(`/proc/${pid}/fd`).length }
}

/** Per hour. */
function slopeOf(samples: readonly Sample[], what: 'residentMb' | 'descriptors', minutes: number) {
  const points = samples.map((s) => [s.minutes / 60, s[what]] as const)
  return theilSen(medians(points, minutes / 60 / 60))
}

function writePlot(samples: readonly Sample[], away: readonly (readonly [number, number])[], dir: string): string {
  mkdirSync(dir, { recursive: true })
  const file = join(dir, 'soak.svg')
  const curve = (name: string, unit: string, what: 'residentMb' | 'descriptors') => ({
    name,
    unit,
    points: samples.map((s) => [s.minutes, s[what]] as const),
  })
  const curves = [curve('resident memory', 'MB', 'residentMb'), curve('descriptors', 'open', 'descriptors')]
  writeFileSync(file, plot('the agent, four cameras; shaded: no broker', curves, away))
  return file
}

/**
 * `npm run fleet [-- --boxes N --rate N --seconds S --collectors N --store postgres|sqlite --bus mosquitto|nats --kill collector,broker,store]`: a fleet of simulated
 * boxes, a real mosquitto, collectors in a group, a real database; some of them killed with SIGKILL on the way. At the end every message that
 * a box has made must be in the store, once. A table on stderr, one JSON object on stdout; exit code 1 if anything is missing or there twice.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { countOf } from '../../client/listen/sequence.js'
import { openStore } from '../../client/store/open.js'
import type { Store } from '../../client/store/store.js'
import { packageRoot } from '../../contract/package-root.js'
import { AS_WE_ARE, freePort } from '../client/mosquitto.js'
import { Postgres } from '../client/store/postgres.js'
import { seeded } from '../codec/samples.js'
import { until } from '../e2e/until.js'
import { tool } from '../tool.js'
import { Box } from './box.js'
import { natsCluster } from './nats.js'
import { Program } from './processes.js'

const { values } = parseArgs({
  options: {
    boxes: { type: 'string', default: '200' },
    /** Results a second of each: half of them cls, half seg; a bitstream comes with each pair. */
    rate: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '300' },
    collectors: { type: 'string', default: '3' },
    store: { type: 'string', default: 'postgres' },
    /** mosquitto, or nats: a cluster of three nodes with JetStream. */
    bus: { type: 'string', default: 'mosquitto' },
    kill: { type: 'string', default: 'collector,broker,store' },
    'gap-seconds': { type: 'string', default: '15' },
  },
})
const [boxCount, rate, seconds, collectorCount] = [values.boxes, values.rate, values.seconds, values.collectors].map(
  Number,
)
const kills = values.kill.split(',').filter(Boolean)
/** Without a step forward for so long it is lost: what a dead connection holds comes back within less. */
const STUCK_MS = 180_000
/** A box says so often how far it is; the real one every minute. */
const UPKEEP_MS = 10_000
const say = (line: string) => console.error(line)

const dir = mkdtempSync(join(tmpdir(), 'blindsight-fleet-'))
const server = values.store === 'postgres' ? await Postgres.start({ durable: true }) : undefined
const address = server ? await server.fresh() : join(dir, 'fleet.sqlite')
const bus = values.bus === 'nats' ? await natsBus() : await mosquittoBus()
for (const { program } of bus.nodes) program.start()
// The tables are made before several want to make them.
const store = await openStore(address)
const cli = join(packageRoot(), 'dist', 'cli', 'main.js')
const collectors = Array.from({ length: collectorCount }, (_, i) => {
  const flags = [
    '--broker',
    bus.urls[i % bus.urls.length],
    ...bus.flags,
    '--name',
    `c-${i + 1}`,
    '--gap-seconds',
    values['gap-seconds'],
    '--bits',
    join(dir, 'bits'),
  ]
  const env = { BLINDSIGHT_STORE: address }
  return new Program(
    `collector ${i + 1}`,
    [process.execPath, cli, 'collect', ...flags],
    join(dir, `collector-${i + 1}.log`),
    env,
  )
})
for (const collector of collectors) collector.start()
// What is published before anybody subscribes is nobody's loss.
for (const collector of collectors)
  await until(`${collector.name} to collect`, () => /^collecting/m.test(collector.said))

const random = seeded(1)
const boxes = Array.from(
  { length: boxCount },
  (_, i) => new Box(`box-${String(i + 1).padStart(4, '0')}`, bus.urls[i % bus.urls.length], join(dir, 'boxes'), random),
)
for (const box of boxes) box.start()

/** Frames of all boxes evenly over time: a frame has two results. */
const began = performance.now()
const perSecond = (boxCount * rate) / 2
let taken = 0
let late = 0
const lags: number[] = []
const ticking = setInterval(() => {
  const due = Math.min(seconds * perSecond, Math.floor(((performance.now() - began) / 1000) * perSecond))
  late = Math.max(late, due - taken)
  // Whoever is behind goes on, and does not starve what else is to be done.
  for (let i = 0; taken < due && i < perSecond / 5; i++) boxes[taken++ % boxes.length].take()
}, 10)
const upkeep = setInterval(() => {
  for (const box of boxes) box.upkeep()
}, UPKEEP_MS)

const shot: string[] = []
for (const [i, what] of kills.entries()) {
  await wait(Math.max(0, ((i + 1) / (kills.length + 1)) * seconds * 1000 - (performance.now() - began)))
  await kill(what)
}
while (taken < seconds * perSecond) {
  await wait(1000)
  const lag = await lagSeconds(store)
  if (Number.isFinite(lag)) lags.push(lag)
}
clearInterval(ticking)
const produced = (performance.now() - began) / 1000
say(`${taken} frames made in ${produced.toFixed(0)} s; waiting until all of them are in the store`)
let shown = 0
let best = { frames: -1, missing: 0 }
let sinceMs = performance.now()
for (;;) {
  const now = await covered(store)
  if (now.frames >= taken * 3 && now.missing === 0) break
  if (now.frames !== best.frames || now.missing !== best.missing) sinceMs = performance.now()
  best = now
  const idle = collectors.filter((collector) => !collector.running).map(({ name }) => name)
  if (idle.length > 0) say(`ended by itself: ${idle.join(', ')}`)
  if (idle.length > 0 || performance.now() - sinceMs > STUCK_MS) break
  if (performance.now() - shown > 10_000) {
    shown = performance.now()
    const waiting = boxes.reduce((sum, box) => sum + box.waiting, 0)
    say(
      `  ${now.frames} of ${taken * 3} there, ${now.missing} missing and asked for, ${waiting} frames not acknowledged`,
    )
  }
  await wait(500)
}
clearInterval(upkeep)
const settled = (performance.now() - began) / 1000

const events = boxes.reduce((sum, box) => sum + box.events, 0)
const proof = await prove(store)
const cpu = collectors.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)
const bytes = await storeBytes()
const messages = proof.results + proof.bitstreams
const figures = {
  ...{
    boxes: boxCount,
    results_per_box_second: rate,
    seconds,
    collectors: collectorCount,
    store: values.store,
    killed: shot,
  },
  ...{ frames: taken, results: proof.results, bitstreams: proof.bitstreams, events: proof.events },
  ...{ lost: proof.lost, twice: proof.twice, events_lost: events - proof.events },
  messages_per_second: Math.round(messages / produced),
  messages_per_collector_cpu_second: Math.round(messages / cpu),
  lag_s: { p50: at(lags, 0.5), p99: at(lags, 0.99), most: at(lags, 1) },
  caught_up_after_s: Number((settled - produced).toFixed(1)),
  generator_late_frames: late,
  bytes_per_result: Math.round(bytes / proof.results),
  // Of a frame its two results, and its bitstream beside the database.
  gb_per_day_of_1000_boxes: Math.round(((bytes / proof.results) * 1000 * rate * 86_400) / 1e9),
}
for (const [name, value] of Object.entries(figures))
  say(`${name.padEnd(36)} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
console.log(JSON.stringify(figures))
for (const collector of collectors) await collector.end('SIGTERM')
for (const box of boxes) await box.stop()
await store.close()
await server?.stop()
for (const { program } of bus.nodes) await program.end('SIGTERM')
const whole = figures.lost === 0 && figures.twice === 0 && figures.events_lost === 0
if (whole) rmSync(dir, { recursive: true, force: true })
else say(`logs are in ${dir}`)
process.exit(whole ? 0 : 1)

interface Bus {
  readonly nodes: readonly { readonly program: Program }[]
  /** For boxes and collectors, in turn. */
  readonly urls: readonly string[]
  readonly flags: readonly string[]
  readonly downMs: number
}

async function mosquittoBus(): Promise<Bus> {
  const port = await freePort()
  const conf = join(dir, 'mosquitto.conf')
  mkdirSync(join(dir, 'mosquitto'))
  const lines = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    ...AS_WE_ARE,
    'persistence true',
    `persistence_location ${join(dir, 'mosquitto')}/`,
    'max_queued_messages 200000',
    'max_inflight_messages 500',
  ]
  writeFileSync(conf, lines.join('\n'))
  const program = new Program('broker', [tool('mosquitto'), '-c', conf], join(dir, 'mosquitto.log'))
  return { nodes: [{ program }], urls: [`mqtt://127.0.0.1:${port}`], flags: [], downMs: 3000 }
}

async function natsBus(): Promise<Bus> {
  const nodes = await natsCluster(dir, 3)
  const servers = nodes.map(({ nats }) => nats).join(',')
  const flags = ['--jetstream', servers, '--replicas', '3']
  return { nodes, urls: nodes.map(({ mqtt }) => mqtt), flags, downMs: 10_000 }
}

async function kill(what: string): Promise<void> {
  shot.push(`${what} at ${((performance.now() - began) / 1000).toFixed(0)} s`)
  say(`SIGKILL: ${shot.at(-1)}`)
  if (what === 'collector') {
    await collectors[0].end('SIGKILL')
    await wait(5000)
    collectors[0].start()
  } else if (what === 'broker') {
    const { program } = bus.nodes[0]
    await program.end('SIGKILL')
    await wait(bus.downMs)
    program.start()
  } else if (what === 'store' && server) {
    await server.kill()
    await wait(5000)
    await server.up()
  } else say(`  nothing to kill is called ${what} here: collector, broker, store (of PostgreSQL)`)
}

/** How far the store is behind: the newest frame there against now. */
async function lagSeconds(of: Store): Promise<number> {
  try {
    const newest = Math.max(...(await of.coverage()).map(({ stream }) => Date.parse(stream.last)))
    return Math.max(0, (Date.now() - newest) / 1000)
  } catch {
    return Number.NaN
  }
}

async function covered(of: Store): Promise<{ frames: number; missing: number }> {
  const coverage = await of.coverage()
  const missing = coverage.reduce((sum, one) => sum + one.missing.reduce((n, { from, to }) => n + to - from + 1, 0), 0)
  return { frames: coverage.reduce((sum, { frames }) => sum + frames, 0), missing }
}

/** Against what the boxes have made, by rows and not by what the store says of itself. */
async function prove(of: Store) {
  let [results, bitstreams, lost, twice, told] = [0, 0, 0, 0, 0]
  const coverage = await of.coverage()
  for (const box of boxes) {
    const rows = await of.results(box.dev, 'street', box.boot, 0, Number.MAX_SAFE_INTEGER)
    const names = new Set(rows.map(({ kind, seq }) => `${kind} ${seq}`))
    results += rows.length
    twice += rows.length - names.size
    for (let seq = 0; seq < box.frames; seq++)
      lost += Number(!names.has(`cls ${seq}`)) + Number(!names.has(`seg ${seq}`))
    const noted = coverage.find(({ stream, kind }) => stream.dev === box.dev && kind === 'bits')
    // Noted, and neither in a segment nor waiting for one.
    const nowhere = (noted && (await of.absent({ dev: box.dev })).get(noted.stream.id)?.lost) ?? []
    const bits = (noted?.frames ?? 0) - countOf(nowhere)
    bitstreams += bits
    lost += box.frames - bits
    let cursor: string | undefined
    do {
      const page = await of.events({ dev: box.dev, limit: 1000, cursor })
      told += page.items.length
      cursor = page.cursor
    } while (cursor !== undefined)
  }
  return { results, bitstreams, lost, twice, events: told }
}

async function storeBytes(): Promise<number> {
  if (!server) return (await import('node:fs')).statSync(address).size
  const name = address.split('/').at(-1)!
  return Number((await server.ask(`SELECT pg_database_size('${name}') AS bytes`)).rows[0].bytes)
}

function at(sorted: number[], share: number): number {
  const known = sorted.filter((lag) => !Number.isNaN(lag)).sort((a, b) => a - b)
  return Number((known[Math.min(known.length - 1, Math.floor(known.length * share))] ?? 0).toFixed(1))
}

/**
 * `npm run test:field`: what happens in the field, done to the real box. A table of every fault: what was done, what the box
 * said, how long until it was well again, what was lost. Exit code 1 when one is not ok.
 */
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Command } from 'commander'
import { packageRoot } from '../../contract/package-root.js'
import { Clips } from './clips.js'
import { Kit, type RunOptions } from './kit.js'
import { Processes } from './processes.js'
import { NotRun, type Outcome, type Scenario } from './scenario.js'
import { print, type Row, rowOf } from './table.js'

/** One file each, in the order of the table. */
const AREAS = ['baseline', 'clock', 'disk', 'cameras', 'brokers', 'config', 'operations', 'kills', 'soak', 'neighbours']
const DEFAULT_SECONDS = 20
const DEFAULT_LIMIT_SECONDS = 600

const whole = (text: string) => Number.parseInt(text, 10)
const { only, short, json, list, seed, jobs, minutes, repeat } = new Command('test:field')
  .option('--only <prefixes>', 'an area, or the beginning of an id; several with commas')
  .option('--short', 'the short form, about 8 minutes')
  .option('--json <file>', 'the table as JSON')
  .option('--list', 'only name the scenarios')
  .option('--seed <n>', 'of what is random', whole, Math.floor(Math.random() * 1e6))
  .option('--jobs <n>', 'so many at once, where they allow it', whole, 1)
  .option('--minutes <n>', 'length of the soak', Number)
  .option('--repeat <n>', 'each so many times', whole, 1)
  .parse()
  .opts<{
    only?: string
    short?: boolean
    json?: string
    list?: boolean
    seed: number
    jobs: number
    minutes?: number
    repeat: number
  }>()

async function chosen(): Promise<Scenario[]> {
  const all: Scenario[] = []
  for (const area of AREAS) {
    const file = join(import.meta.dirname, `${area}.js`)
    if (existsSync(file)) all.push(...((await import(pathToFileURL(file).href)) as { scenarios: Scenario[] }).scenarios)
  }
  const prefixes = only?.split(',')
  const once = all.filter(
    (scenario) =>
      (!short || scenario.short) &&
      (!prefixes || prefixes.some((p) => scenario.id === p || scenario.id.startsWith(p.includes('/') ? p : `${p}/`))),
  )
  return Array.from({ length: repeat }, () => once).flat()
}

const open = new Set<Kit>()
const dir = mkdtempSync(join(tmpdir(), 'blindsight-field-'))
chmodSync(dir, 0o755) // started as root, mosquitto reads its files as another user
const clipMakers = new Processes(dir)
const options: RunOptions = {
  short: short ?? false,
  seed,
  minutes,
  outDir: join(packageRoot(), 'dist', 'field'),
  clips: new Clips(clipMakers, dir),
}
let made = 0

async function perform(scenario: Scenario): Promise<Row> {
  const started = performance.now()
  const seconds = () => (performance.now() - started) / 1000
  const kit = new Kit(scenario.id, join(dir, String(made++)), options)
  open.add(kit)
  let timer: NodeJS.Timeout | undefined
  const nothing = { recoveryMs: null, lost: 0 }
  try {
    const limit = scenario.limitSeconds ?? DEFAULT_LIMIT_SECONDS
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not over after ${limit} s`)), limit * 1000)
    })
    const { ok, ...outcome }: Outcome = await Promise.race([scenario.run(kit), late])
    return rowOf(scenario, ok ? 'ok' : 'FAILED', seconds(), outcome)
  } catch (error) {
    if (error instanceof NotRun) return rowOf(scenario, 'not run', seconds(), { said: error.message, ...nothing })
    console.error(error)
    for (const agent of kit.agents.slice(-2)) console.error(`--- the agent's last lines\n${agent.tail()}`)
    return rowOf(scenario, 'FAILED', seconds(), { said: (error as Error).message, ...nothing })
  } finally {
    clearTimeout(timer)
    await kit.close()
    open.delete(kit)
  }
}

/**
 * In order, or the longest first where several run at once; the table keeps its order. Those that must be alone wait for the others, and
 * the others for them.
 */
async function runAll(scenarios: readonly Scenario[]): Promise<Row[]> {
  const rows: Row[] = []
  const running = new Set<Promise<void>>()
  const length = ({ seconds = DEFAULT_SECONDS, longSeconds = seconds }: Scenario) => (short ? seconds : longSeconds)
  const expected = (of: readonly Scenario[]) => of.reduce((sum, scenario) => sum + length(scenario), 0)
  let spent = 0
  let planned = 0
  const order = [...scenarios.entries()]
  if (jobs > 1) order.sort(([, a], [, b]) => length(b) - length(a))
  for (const [started, [i, scenario]] of order.entries()) {
    const alone = scenario.alone && !short
    while (running.size >= (alone ? 1 : Math.max(1, jobs))) await Promise.race(running)
    // What ran so far says how this machine compares with the one where the lengths were written down.
    const pace = planned > 30 ? spent / planned : 1
    const left = Math.ceil((expected(order.slice(started).map(([, one]) => one)) * pace) / (jobs > 1 ? jobs : 1) / 60)
    console.error(`[${started + 1}/${scenarios.length}, about ${left} min left] ${scenario.id}: ${scenario.fault}`)
    const one = perform(scenario).then((row) => {
      rows[i] = row
      spent += row.seconds
      planned += length(scenario)
      console.error(`  ${row.result} ${row.id}, ${row.seconds} s: ${row.said}`)
      running.delete(one)
    })
    running.add(one)
    if (alone) await one
  }
  await Promise.all(running)
  return rows
}

async function abandon(code: number): Promise<never> {
  clipMakers.sweep()
  await Promise.all([...open].map((kit) => kit.close()))
  rmSync(dir, { recursive: true, force: true })
  process.exit(code)
}
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  process.once(signal, () => void abandon(code))
process.on('uncaughtException', (error) => {
  console.error(error)
  void abandon(1)
})

const scenarios = await chosen()
if (list) {
  for (const { id, fault, short } of scenarios) console.log(`${short ? 'short' : '     '}  ${id.padEnd(36)}  ${fault}`)
  rmSync(dir, { recursive: true, force: true })
  process.exit(0)
}
if (scenarios.length === 0) {
  console.error(`no scenario begins with ${only}; --list names them`)
  process.exit(2)
}
console.error(`${scenarios.length} scenarios, --seed ${seed}`)
const rows = await runAll(scenarios)
rmSync(dir, { recursive: true, force: true })
if (json) writeFileSync(json, `${JSON.stringify({ seed, short: options.short, rows }, null, 1)}\n`)
const count = (result: Row['result']) => rows.filter((row) => row.result === result).length
console.log(print(rows))
console.log(`\n${count('ok')} passed, ${count('FAILED')} failed, ${count('not run')} skipped`)
process.exit(count('FAILED') > 0 ? 1 : 0)

/**
 * Runs test files, as test/build.mjs has laid them, a few at a time: npm test [-- FILE-OR-FOLDER...]
 * A line for each with its time, and with the processor's; what a file said follows only where it failed. tap's own runner would take three times as
 * long: it loads compiler, mocks and coverage into each of a hundred processes, and into those that they start.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Lane, type Outcome } from './lane.js'

const args = process.argv.slice(2)
const long = args.includes('--long')
/** .tsx: what is rendered. */
const ending = long ? /\.long\.ts$/ : /\.test\.tsx?$/
const mostMinutes = long ? 360 : 60

const paths = args.filter((arg) => !arg.startsWith('--'))
/** The longest first: such a one should not be left alone at the end. */
const size = (file: string) => statSync(file).size
const files = (paths.length ? paths : ['test']).flatMap((path) => {
  if (!statSync(path).isDirectory()) return [path]
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => ending.test(name))
  return names.map((name) => join(path, name)).sort((a, b) => size(b) - size(a))
})
const failed: string[] = []

const began = performance.now()
const waiting = [...files]
/** Most tests wait now and then, for a broker or a camera: two more than there are cores. */
await Promise.all(Array.from({ length: availableParallelism() + 2 }, work))
const total = `${files.length} files in ${((performance.now() - began) / 1000).toFixed(0)} s`
console.log(failed.length ? `${total}, ${failed.length} failed: ${failed.join(' ')}` : `${total}, all passed`)
process.exitCode = failed.length || !files.length ? 1 : 0

/** Each in a process with others, unless it is long or says `// alone: why`; after a failure comes a new process. */
async function work(): Promise<void> {
  let lane: Lane | undefined
  for (let file = waiting.shift(); file; file = waiting.shift()) {
    const alone = file.endsWith('.long.ts') || /^\/\/ alone: /m.test(readFileSync(file, 'utf8'))
    if (alone) lane = await over(lane)
    lane ??= new Lane(mostMinutes)
    const start = performance.now()
    const outcome = await lane.run(file)
    const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(6)
    const busy = outcome.busy ? `${outcome.busy.toFixed(1)} s` : ''
    console.log(`${outcome.wrong ? 'NOT OK' : 'ok'.padEnd(6)} ${seconds} s ${busy.padStart(8)}  ${file}`)
    if (outcome.wrong) {
      failed.push(file)
      tell(file, outcome)
      lane = undefined
    } else if (alone) lane = await over(lane)
  }
  await over(lane)
}

async function over(lane: Lane | undefined): Promise<undefined> {
  const outcome = await lane?.end()
  if (!outcome?.wrong) return
  failed.push('a process at its end')
  tell('at its end', outcome)
}

function tell(who: string, { said, wrong }: Outcome): void {
  const told = said.split('\n').filter((line) => !/^\s*(ok \d.*|# Subtest.*|\d+\.\.\d+)?$/.test(line))
  console.log(`${told.join('\n')}\n${who}: ${wrong}`)
}

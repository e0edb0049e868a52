/**
 * Runs test files, as test/build.mjs has laid them, each in a process of its own, a few at a time: npm test [-- FILE-OR-FOLDER...]
 * A line for each with its time; what a file said follows only where it failed. tap's own runner would take three times as
 * long: it loads compiler, mocks and coverage into each of a hundred processes, and into those that they start.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

const args = process.argv.slice(2)
const long = args.includes('--long')
const ending = long ? '.long.ts' : '.test.ts'
// It only ends what hangs, on however slow a machine.
const mostMinutes = long ? 360 : 60

const paths = args.filter((arg) => !arg.startsWith('--'))
/** The longest first: such a one should not be left alone at the end. */
const size = (file: string) => statSync(file).size
const files = (paths.length ? paths : ['test']).flatMap((path) => {
  if (!statSync(path).isDirectory()) return [path]
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(ending))
  return names.map((name) => join(path, name)).sort((a, b) => size(b) - size(a))
})
const failed: string[] = []

/** Most tests wait now and then, for a broker or a camera: two more than there are cores. */
const began = performance.now()
const waiting = [...files]
await Promise.all(Array.from({ length: availableParallelism() + 2 }, work))
const total = `${files.length} files in ${((performance.now() - began) / 1000).toFixed(0)} s`
console.log(failed.length ? `${total}, ${failed.length} failed: ${failed.join(' ')}` : `${total}, all passed`)
process.exitCode = failed.length || !files.length ? 1 : 0

async function work(): Promise<void> {
  for (let file = waiting.shift(); file; file = waiting.shift()) {
    const start = performance.now()
    const { wrong, said } = await ended(file)
    const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(6)
    console.log(`${wrong ? 'NOT OK' : 'ok'.padEnd(6)} ${seconds} s  ${file}`)
    if (!wrong) continue
    failed.push(file)
    const told = said.split('\n').filter((line) => !/^\s*(ok \d.*|# Subtest.*|\d+\.\.\d+)?$/.test(line))
    console.log(`${told.join('\n')}\n${file}: ${wrong}`)
  }
}

/** What a test file said on stdout and stderr, and what is wrong with its end, if anything. */
async function ended(file: string): Promise<{ said: string; wrong: string | undefined }> {
  const script = join('.tap', 'js', file.replace(/\.ts$/, '.js'))
  // tap would end a file after 30 s, which a slow machine needs for some; what hangs is ended here.
  const env = { ...process.env, TAP_TIMEOUT: '86400' }
  const child = spawn(process.execPath, ['--enable-source-maps', script], { stdio: ['ignore', 'pipe', 'pipe'], env })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      said += text
    })
  let hung = false
  const last = setTimeout(() => {
    hung = true
    child.kill('SIGKILL')
  }, mostMinutes * 60_000)
  const closed = once(child, 'close')
  const [code, signal] = await once(child, 'exit')
  clearTimeout(last)
  // A process that the test has left behind may hold its output open for ever.
  await Promise.race([closed, wait(10_000, undefined, { ref: false })])
  if (hung) return { said, wrong: `still running after ${mostMinutes} minutes` }
  if (code !== 0) return { said, wrong: `exit ${code ?? signal}` }
  return { said, wrong: /^1\.\.[1-9]/m.test(said) ? undefined : 'no test in it' }
}

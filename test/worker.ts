/**
 * Runs test files in this process, one after the other: their paths come on stdin, a line each. What each has said is
 * followed by `# end of PATH`, or `# nothing in PATH`; with a failure the process ends. The start of a process with tap and the agent's packages costs more than most files take.
 */
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import t from 'tap'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
let file: string | undefined
let loading = true
let count = 0

t.pipe(process.stdout)
// tap ends its root here, after which no further file could add tests.
process.removeAllListeners('beforeExit')
/** Nothing is left to wait for. A file that leaves a timer or a connection behind therefore never ends. */
process.on('beforeExit', () => {
  if (t.results) return
  if (file && (loading || !t.idle || !t.passing())) t.endAll()
  else void next()
})
void next()

async function next(): Promise<void> {
  // Not by t.comment, which tap keeps back until there is more.
  if (file) process.stdout.write(`# ${t.count > count ? 'end of' : 'nothing in'} ${file}\n`)
  count = t.count
  process.stdin.ref()
  file = (await lines.next()).value
  process.stdin.unref()
  if (!file) {
    t.end()
    return
  }
  t.testdirName = resolve('.tap', 'fixtures', file.replace(/[^\w.-]+/g, '-'))
  loading = true
  await import(pathToFileURL(join(import.meta.dirname, '..', file.replace(/\.tsx?$/, '.js'))).href).catch((error) =>
    t.error(error, `${file} does not load`),
  )
  loading = false
}

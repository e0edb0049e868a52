import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { showBroker } from '../../cli/view.js'
import { until } from '../e2e/until.js'

/** In the place of the program: writes down how it was called, and when it is told to end. */
const program = (dir: string) => `
  import { writeFileSync } from 'node:fs'
  process.on('SIGTERM', () => { writeFileSync('${dir}/ended', ''); process.exit(0) })
  writeFileSync('${dir}/args', process.argv.slice(2).join(' '))
  setInterval(() => {}, 1000)
`

t.test(
  'the page runs as a process of its own, on another port where the usual one is taken, and goes with the demo',
  async (t) => {
    const dir = t.testdir()
    const [, before] = process.argv
    t.teardown(() => {
      process.argv[1] = before
    })
    process.argv[1] = join(t.testdir({ 'main.mjs': program(dir) }), 'main.mjs')
    const taken = createServer()
    // Also where something else has it already.
    await new Promise<void>((resolve) => {
      taken.once('error', () => resolve())
      taken.listen(8484, '127.0.0.1', resolve)
    })
    t.teardown(() => taken.close())
    const page = await showBroker('mqtt://127.0.0.1:1884', 'demo')
    await until('it to be called', () => existsSync(join(dir, 'args')))
    t.equal(readFileSync(join(dir, 'args'), 'utf8'), 'view --broker mqtt://127.0.0.1:1884 --device demo --port 0')
    await page.stop()
    t.ok(existsSync(join(dir, 'ended')))
  },
)

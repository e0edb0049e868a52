import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'

/** A process that waits for the signal, says so, and then hangs. */
const script = `
import { stopSignal } from '${join(import.meta.dirname, '..', '..', 'agent', 'signals.js')}'
setInterval(() => {}, 1000)
stopSignal().then((name) => console.log(name))
console.log('waiting')`

for (const [first, second] of [
  ['SIGINT', 'SIGINT'],
  ['SIGTERM', 'SIGINT'],
  ['SIGINT', 'SIGTERM'],
] as const) {
  t.test(`${first} asks, ${second} ends it`, async (t) => {
    const child = spawn(process.execPath, [...process.execArgv, '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.teardown(() => child.kill('SIGKILL'))
    const said = async () => String((await once(child.stdout, 'data'))[0]).trim()
    t.equal(await said(), 'waiting')
    child.kill(first)
    t.equal(await said(), first)
    child.kill(second)
    t.strictSame(await once(child, 'exit'), [null, second])
  })
}

import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { openSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type StopSignal, stopSignal, terminalWatch } from '../../agent/signals.js'

/** A process that waits for the signal, says so, and then hangs; its clock goes on by a second each time that it looks. */
const script = `
import { stopSignal } from '${join(import.meta.dirname, '..', '..', 'agent', 'signals.js')}'
setInterval(() => {}, 1000)
let ms = 0
stopSignal(undefined, () => (ms += 1000)).then((name) => console.log(name))
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

t.test('one press of Ctrl-C that comes twice is one', async (t) => {
  let ms = 1000
  const from = new EventEmitter()
  const again: StopSignal[] = []
  const asked = stopSignal(
    (name) => again.push(name),
    () => ms,
    from,
  )
  from.emit('SIGINT', 'SIGINT')
  t.equal(await asked, 'SIGINT')
  for (const later of [0, 33, 499]) {
    ms = 1000 + later
    from.emit('SIGINT', 'SIGINT')
    from.emit('SIGTERM', 'SIGTERM')
  }
  t.strictSame(again, [])
  ms = 1500
  from.emit('SIGTERM', 'SIGTERM')
  t.strictSame(again, ['SIGTERM'])
  t.equal(from.listenerCount('SIGINT') + from.listenerCount('SIGTERM'), 0, "the next one is the system's")
})

t.test('a terminal that has been closed since', async (t) => {
  let there = true
  const open = () => {
    if (!there) throw new Error('ENXIO')
    return openSync('/dev/null', 'r')
  }
  const [atTerminal, service] = [terminalWatch(true, open), terminalWatch(false, open)]
  t.strictSame([atTerminal(), service()], [false, false])
  there = false
  t.strictSame([atTerminal(), service()], [true, false])
  t.equal(terminalWatch(true, open)(), false, 'that was never there')
})

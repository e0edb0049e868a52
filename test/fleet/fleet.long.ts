/** The fleet in a small form: each program that a message passes is killed on the way, and nothing is lost or there twice. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'

for (const [name, flags] of Object.entries({
  'mosquitto and PostgreSQL': ['--kill', 'collector,broker,store'],
  'mosquitto and SQLite': ['--store', 'sqlite', '--collectors', '1', '--kill', 'collector,broker'],
  'three NATS nodes and PostgreSQL': ['--bus', 'nats', '--kill', 'broker,collector'],
}))
  t.test(name, async (t) => {
    const args = ['dist/test/fleet/main.js', '--boxes', '10', '--seconds', '20', '--gap-seconds', '5', ...flags]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let err = ''
    child.stdout.on('data', (text) => (out += text))
    child.stderr.on('data', (text) => (err += text))
    const [code] = await once(child, 'close')
    t.equal(code, 0, err)
    const figures = JSON.parse(out || '{}')
    t.match(figures, { frames: 500, lost: 0, twice: 0, events_lost: 0 })
    t.equal(figures.killed.length, flags.at(-1)!.split(',').length)
  })

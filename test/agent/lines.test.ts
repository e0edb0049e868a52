/** Real descriptors: a device that is always full, pipes nobody reads. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { Lines } from '../../agent/lines.js'

t.test('lines arrive whole and in order', async (t) => {
  const file = join(t.testdir(), 'log')
  const fd = openSync(file, 'a')
  const lines = new Lines(fd)
  lines.write('a\n')
  lines.write('b\n')
  closeSync(fd)
  t.equal(readFileSync(file, 'utf8'), 'a\nb\n')
  t.equal(lines.lost, 0)
})

t.test('a full disk and a descriptor that is gone: counted, never thrown', async (t) => {
  const full = openSync('/dev/full', 'w')
  const lines = new Lines(full)
  for (let i = 0; i < 5; i++) lines.write('a\n')
  t.equal(lines.lost, 5)
  closeSync(full)
  lines.write('a\n')
  t.equal(lines.lost, 6)
})

const { NODE_OPTIONS: _, ...env } = process.env
const script = `
  const { Lines } = await import('${join(import.meta.dirname, '..', '..', 'agent', 'lines.js')}')
  const lines = new Lines(2)
  lines.onRecovered = (n) => lines.write('lost ' + n + '\\n')
  for (let i = 0; i < 3000; i++) lines.write('x'.repeat(99) + '\\n')
  console.log(lines.lost > 0 ? 'stuck' : 'never stuck')
  process.stdin.once('data', () => setInterval(() => {
    lines.write('again\\n')
    if (lines.lost === 0) process.exit(0)
  }, 20))`
const args = ['--input-type=module', '-e', script]

/** A process that writes more than its stderr holds, and who can read that. */
const kinds = {
  // Node connects a child by sockets, as systemd connects a service to the journal.
  'a socket': () => {
    const child = spawn(process.execPath, args, { env })
    return { child, stderr: child.stderr }
  },
  'a pipe': (dir: string) => {
    const fifo = join(dir, 'fifo')
    execFileSync('mkfifo', [fifo])
    const reading = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK)
    const writing = openSync(fifo, 'w')
    const child = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', writing] })
    closeSync(writing)
    return { child, stderr: new Socket({ fd: reading, readable: true, writable: false }) }
  },
}

for (const [kind, start] of Object.entries(kinds)) {
  t.test(`${kind} that nobody reads holds up nobody; what is lost is said when it is read again`, async (t) => {
    const { child, stderr } = start(t.testdir())
    t.teardown(() => child.kill('SIGKILL'))
    const [said] = await once(child.stdout!, 'data')
    t.equal(String(said), 'stuck\n')
    let text = ''
    stderr.on('data', (bytes) => {
      text += bytes
    })
    child.stdin!.write('now\n')
    await once(stderr, 'end')
    const lines = text.split('\n').filter((line) => line && !/^x+$/.test(line))
    t.match(lines, [/^again$/, /^lost \d+$/])
  })
}

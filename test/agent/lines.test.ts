/** Real descriptors: a device that is always full, pipes nobody reads. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
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

t.test('a pipe that nobody reads holds up nobody; what is lost is said when it is read again', async (t) => {
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
  const { NODE_OPTIONS: _, ...env } = process.env
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { env })
  t.teardown(() => child.kill('SIGKILL'))
  const [said] = await once(child.stdout, 'data')
  t.equal(String(said), 'stuck\n')
  let text = ''
  child.stderr.on('data', (bytes) => {
    text += bytes
  })
  child.stdin.write('now\n')
  await once(child, 'close')
  const lines = text.split('\n').filter((line) => line && !/^x+$/.test(line))
  t.match(lines, [/^again$/, /^lost \d+$/])
})

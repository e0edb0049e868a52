import { spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readSecret, readText } from '../../../agent/config/text.js'

const utf16 = (text: string) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')])

t.test('text', async (t) => {
  const dir = t.testdir({ folder: {} })
  const file = join(dir, 'file')
  const read = (bytes: string | Uint8Array) => {
    writeFileSync(file, bytes)
    return readText(file)
  }
  t.equal(read('\ufeffa: ä\n'), 'a: ä\n', 'without the byte order mark')
  t.equal(read(''), '')
  t.throws(() => read(utf16('a: 1\n')), /UTF-16; save it as UTF-8/)
  t.throws(() => read(Buffer.from('a: 1\n', 'utf16le')), /UTF-16/)
  t.throws(() => read(Buffer.from('a: 1\nb: caf\xe9\n', 'latin1')), /UTF-8 \(line 2\); save it as UTF-8/)
  t.throws(() => read('some text\0'), /NUL/)
  t.throws(() => readText('/dev/zero'), /longer than 1 MB/)
  t.throws(() => readText(dir), /folder/)
  t.throws(() => readText(join(dir, 'no')), /does not exist/)
  t.throws(() => readText(join(file, 'no')), /does not exist/)
  if (process.getuid?.() === 0) return
  chmodSync(file, 0)
  t.throws(() => readText(file), /permission denied/)
})

t.test(
  'a pipe is read to its end, however slowly it comes, and one that nobody writes into does not hold the start up',
  async (t) => {
    const pipe = join(t.testdir(), 'pipe')
    t.equal(spawnSync('mkfifo', [pipe]).status, 0)
    t.throws(() => readText(pipe), /a pipe that nobody writes into; name a file/)
    const script = `import { readText } from ${JSON.stringify(join(import.meta.dirname, '../../../agent/config/text.js'))}
process.stdout.write(readText('/dev/stdin'))`
    const reader = [process.execPath, '--input-type=module', '-e', script]
    const both = '(printf "a: 1\\n"; sleep 0.1; printf "b: 2\\n") | "$@"'
    const { stdout, stderr } = spawnSync('sh', ['-c', both, 'sh', ...reader], { encoding: 'utf8' })
    t.equal(stdout, 'a: 1\nb: 2\n', stderr)
  },
)

t.test('a secret: what editors add is not meant', async (t) => {
  const file = join(t.testdir(), 'secret')
  const read = (text: string) => {
    writeFileSync(file, text)
    return readSecret(file)
  }
  for (const text of ['pass word', 'pass word\n', 'pass word\r\n', '  pass word \n\n', '\ufeffpass word\n'])
    t.equal(read(text), 'pass word')
  for (const text of ['', '\n', ' \r\n']) t.throws(() => read(text), /empty/)
  t.throws(() => read('one\ntwo\n'), /more than one line/)
})

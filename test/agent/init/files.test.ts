import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { backupOf, writeFiles } from '../../../agent/init/files.js'

t.test('all of them, for their owner and group, what was there kept', async (t) => {
  const dir = t.testdir({ a: 'old' })
  const [a, b] = [join(dir, 'a'), join(dir, 'new', 'deep', 'b')]
  writeFiles([
    { file: a, text: 'one' },
    { file: b, text: 'two' },
  ])
  t.strictSame(
    [a, b, `${a}.bak`].map((file) => readFileSync(file, 'utf8')),
    ['one', 'two', 'old'],
  )
  for (const file of [a, b, `${a}.bak`]) t.equal(statSync(file).mode & 0o777, 0o640, file)
  t.equal(statSync(join(dir, 'new')).mode & 0o777, 0o750)
  t.strictSame(readdirSync(dir).sort(), ['a', 'a.bak', 'new'])
})

t.test('a group of its own where root asks for one', { skip: process.getuid?.() !== 0 && 'not root' }, async (t) => {
  const file = join(t.testdir(), 'x', 'a')
  writeFiles([{ file, text: '' }], 12_345)
  t.equal(statSync(file).gid, 12_345)
  t.equal(statSync(join(file, '..')).gid, 12_345)
})

t.test('one that cannot be written: none is, and nothing is left', async (t) => {
  const dir = t.testdir({ file: 'a file' })
  const files = [
    { file: join(dir, 'folder', 'a'), text: 'one' },
    { file: join(dir, 'file', 'b'), text: 'two' },
  ]
  t.throws(() => writeFiles(files))
  t.strictSame(readdirSync(dir), ['file'])
  mkdirSync(join(dir, 'taken'))
  writeFileSync(join(dir, 'c'), 'old')
  t.throws(() =>
    writeFiles([
      { file: join(dir, 'c'), text: 'new' },
      { file: join(dir, 'taken'), text: '' },
    ]),
  )
  t.equal(readFileSync(join(dir, 'c'), 'utf8'), 'old')
  t.notOk(existsSync(join(dir, 'c.bak')))
})

t.test('what is kept is never written over', async (t) => {
  const dir = t.testdir({ a: 'first' })
  const file = join(dir, 'a')
  for (const text of ['second', 'third', 'fourth']) writeFiles([{ file, text }])
  const names = readdirSync(dir).sort()
  t.strictSame(names, ['a', 'a.bak', 'a.bak.2', 'a.bak.3'])
  t.strictSame(
    names.map((name) => readFileSync(join(dir, name), 'utf8')),
    ['fourth', 'first', 'second', 'third'],
  )
  t.equal(backupOf(file), `${file}.bak.4`)
})

t.test('a disk that takes a part only', async (t) => {
  const dir = t.testdir({ a: 'old' })
  const file = join(dir, 'a')
  const limit = `ulimit -f 1; trap '' XFSZ; exec "$0" -e "$1"`
  const script = `import(${JSON.stringify(new URL('../../../agent/init/files.js', import.meta.url).href)}).then(({ writeFiles }) => writeFiles([{ file: ${JSON.stringify(file)}, text: 'x'.repeat(100000) }]))`
  const { status, stderr } = spawnSync('bash', ['-c', limit, process.execPath, script], { encoding: 'utf8' })
  t.not(status, 0)
  t.match(stderr, /EFBIG/)
  t.strictSame(readdirSync(dir), ['a'])
  t.equal(readFileSync(file, 'utf8'), 'old')
})

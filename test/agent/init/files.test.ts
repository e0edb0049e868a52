import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { writeFiles } from '../../../agent/init/files.js'

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

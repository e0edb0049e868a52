import { join } from 'node:path'
import t from 'tap'
import { askOut, nearestFolder, unwritable } from '../../../agent/init/out.js'
import { Scripted } from './scripted.js'

t.test('another file is replaced only when that is asked for', async (t) => {
  const dir = t.testdir({ 'a.yaml': '' })
  const a = join(dir, 'a.yaml')
  const b = join(dir, 'deep', 'b.yaml')
  const ask = new Scripted([
    ['Where should', dir],
    ['Where should', undefined],
    [`${a} is there already`, undefined],
    ['Where should', b],
  ])
  t.equal(await askOut(ask, a, false), b)
  t.match(ask.refused, [/is a folder/])
  t.equal(
    await askOut(
      new Scripted([
        ['Where should', undefined],
        [`${a} is`, true],
      ]),
      a,
      false,
    ),
    a,
  )
  t.equal(await askOut(new Scripted([['Where should', undefined]]), a, true), a)
})

t.test('a place that takes no file', async (t) => {
  const dir = t.testdir({ file: '' })
  t.equal(nearestFolder(join(dir, 'x', 'y')), dir)
  t.match(unwritable(join(dir, 'file', 'b')), /is a file, not a folder/)
  if (process.getuid?.() !== 0) t.match(unwritable('/proc/x.yaml'), /may not write/) // root may write everywhere
})

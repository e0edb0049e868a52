import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { bitstreamFile, readInput, writeWhole } from '../../../client/bitstreams/files.js'

const boot = '0123456789abcdef'

t.test('a name from elsewhere cannot leave the folder', (t) => {
  t.equal(bitstreamFile('x', { camera: 'street', boot, seq: 7 }), join('x', `street-${boot}-7.bsf`))
  for (const camera of ['../etc', 'a/b', '', 'A']) {
    t.throws(() => bitstreamFile('x', { camera, boot, seq: 7 }), { code: 'input' })
  }
  t.throws(() => bitstreamFile('x', { camera: 'street', boot: '../../../../etc', seq: 7 }), { code: 'input' })
  t.throws(() => bitstreamFile('x', { camera: 'street', boot, seq: Number.NaN }), { code: 'input' })
  t.end()
})

t.test('written whole, or nothing is left behind', (t) => {
  const dir = t.testdir({ file: 'not a folder' })
  writeWhole(join(dir, 'new', 'a.bsf'), Buffer.from('abc'))
  t.equal(readFileSync(join(dir, 'new', 'a.bsf'), 'utf8'), 'abc')
  t.same(readdirSync(join(dir, 'new')), ['a.bsf'])
  t.throws(() => writeWhole(join(dir, 'file', 'a.bsf'), Buffer.from('abc')), { code: 'other', message: /cannot write/ })
  t.notOk(existsSync(join(dir, 'file', 'a.bsf')))
  t.end()
})

t.test('an unreadable input names the file', (t) => {
  t.throws(() => readInput('/nowhere/x.bsf'), { code: 'input', message: /\/nowhere\/x\.bsf/ })
  const dir = t.testdir()
  t.throws(() => readInput(dir), { code: 'input', message: /a folder; name the files in it/ })
  t.end()
})

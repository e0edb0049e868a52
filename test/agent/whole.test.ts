import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { replaceWhole, syncFolder, writeSynced } from '../../agent/whole.js'

t.test('a file is replaced, and nothing stays beside it', async (t) => {
  const dir = t.testdir()
  const file = join(dir, 'a')
  writeSynced(file, Buffer.alloc(100_000, 'x'))
  t.equal(readFileSync(file).length, 100_000)
  replaceWhole(file, 'new')
  syncFolder(dir)
  t.equal(readFileSync(file, 'utf8'), 'new')
  mkdirSync(join(dir, 'b'))
  t.throws(() => replaceWhole(join(dir, 'b'), 'x'))
  t.strictSame(readdirSync(dir).sort(), ['a', 'b'])
})

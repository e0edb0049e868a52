import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { elfFiles, libraryDependencies } from '../../../packaging/deb/elf.js'

const addon = 'node_modules/better-sqlite3/build/Release/better_sqlite3.node'

t.test('binaries are found by their first bytes, and their needs become dependencies', async (t) => {
  const dir = t.testdir({ 'a.js': 'ELF', empty: '', deep: {} })
  copyFileSync(addon, join(dir, 'deep', 'x'))
  mkdirSync(join(dir, 'none'))
  t.same(await elfFiles(dir), [join(dir, 'deep', 'x')])
  const [libc, libstdcxx, ...more] = await libraryDependencies([addon])
  t.match(libc, /^libc6 \(>= 2\.\d+\)$/)
  t.match(libstdcxx, /^libstdc\+\+6 \(>= \d+\)$/)
  t.same(more, [])
})

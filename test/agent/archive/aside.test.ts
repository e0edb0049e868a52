import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { damagedFiles, finishAside, setAside } from '../../../agent/archive/aside.js'

const now = Date.UTC(2026, 10, 25, 20, 0, 1)

t.test('the database goes with its journal, under a name of its own', async (t) => {
  const pieces = { 'archive.sqlite': 'db', 'archive.sqlite-wal': 'wal', 'archive.sqlite-shm': 'shm', lock: '' }
  const dir = t.testdir(pieces)
  const aside = setAside(dir, now)
  t.equal(aside, join(dir, 'archive.damaged-20261125T200001Z.sqlite'))
  t.strictSame(
    ['', '-wal', '-shm'].map((piece) => readFileSync(aside + piece, 'utf8')),
    ['db', 'wal', 'shm'],
  )
  t.strictSame(readdirSync(dir).length, 4)
  writeFileSync(join(dir, 'archive.sqlite'), 'second')
  t.equal(setAside(dir, now), join(dir, 'archive.damaged-20261125T200001Z-2.sqlite'), 'in the same second')
  t.equal(damagedFiles(dir).length, 2)
})

t.test('killed between two renames: the next start brings the journal to its database', async (t) => {
  const dir = t.testdir({ 'archive.damaged-20261125T200001Z.sqlite': 'db', 'archive.sqlite-wal': 'wal' })
  finishAside(dir)
  t.equal(readFileSync(`${damagedFiles(dir)[0]}-wal`, 'utf8'), 'wal')
  t.notOk(existsSync(join(dir, 'archive.sqlite-wal')))
})

t.test('a journal whose database somebody removed is kept, and never read into the next one', async (t) => {
  const dir = t.testdir({ 'archive.sqlite-wal': 'wal' })
  finishAside(dir)
  t.equal(readFileSync(`${damagedFiles(dir)[0]}-wal`, 'utf8'), 'wal')
})

t.test('an archive that is a link to a larger disk', async (t) => {
  const dir = t.testdir({ state: {}, disk: { 'archive.sqlite': 'db' } })
  symlinkSync(join(dir, 'disk', 'archive.sqlite'), join(dir, 'state', 'archive.sqlite'))
  t.equal(setAside(join(dir, 'state'), now), join(dir, 'disk', 'archive.damaged-20261125T200001Z.sqlite'))
})

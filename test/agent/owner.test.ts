import { chownSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { giveToOwner, makeFolder } from '../../agent/owner.js'

t.test('what root makes belongs to the owner of the folder it is in', async (t) => {
  const dir = join(t.testdir(), 'state')
  mkdirSync(dir)
  const root = process.getuid?.() === 0
  if (root) chownSync(dir, 4711, 4712)
  makeFolder(join(dir, 'a', 'b'))
  makeFolder(join(dir, 'a', 'b'))
  t.ok(existsSync(join(dir, 'a', 'b')))
  writeFileSync(join(dir, 'a', 'file'), '')
  giveToOwner(join(dir, 'a', 'file'))
  const owner = statSync(dir)
  for (const name of ['a', 'a/b', 'a/file'])
    t.match(statSync(join(dir, name)), { uid: owner.uid, gid: owner.gid }, name)
  t.equal(owner.uid === 4711, root)
})

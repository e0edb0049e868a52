import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { start } from '../run.js'

t.test('in the package for the box there is no page, and the verb says where to go', async (t) => {
  const dir = t.testdir()
  const compiled = join(import.meta.dirname, '..', '..', '..')
  const root = join(dir, 'package')
  mkdirSync(root)
  for (const part of ['client', 'codec', 'contract', 'test/client'])
    cpSync(join(compiled, part), join(root, part), { recursive: true })
  for (const name of readdirSync(join(root, 'client', 'view')))
    if (name !== 'command.js') rmSync(join(root, 'client', 'view', name), { recursive: true })
  const main = join(root, 'test', 'client', 'main.js')
  const { code, err } = await start(['view'], {}, main).ended
  t.equal(code, 3)
  t.match(err, /^blindsight: no page on this machine.*full checkout.*\n$/)
  t.equal((await start(['view', '--help'], {}, main).ended).code, 0)
})

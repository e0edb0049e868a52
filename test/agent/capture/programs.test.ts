import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { endingWithUs, find } from '../../../agent/capture/programs.js'

t.test('on the PATH as it is now, or where it is said to be', async (t) => {
  const dir = t.testdir({ tool: '', text: '' })
  chmodSync(join(dir, 'tool'), 0o755)
  const before = process.env.PATH
  t.teardown(() => {
    process.env.PATH = before
  })
  process.env.PATH = `/nowhere:${dir}`
  t.equal(find('tool'), join(dir, 'tool'))
  t.equal(find('none'), undefined)
  t.equal(find('none', join(dir, 'tool')), join(dir, 'tool'))
  t.equal(find('tool', '/nowhere/tool'), join(dir, 'tool'))
  t.strictSame(endingWithUs('/x').slice(-2), ['--', '/x'])
})

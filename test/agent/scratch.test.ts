import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { scratchDir, scratchFolder } from '../../agent/scratch.js'

t.test('the temporary directory, or what comes after it', async (t) => {
  const dir = t.testdir({ other: {} })
  const gone = join(dir, 'gone')
  t.equal(scratchDir([], dir), dir)
  t.equal(scratchDir([join(dir, 'other')], gone), join(dir, 'other'))
  t.not(scratchDir([], gone), gone)
  const made = scratchFolder('x-', [], dir)
  t.ok(made?.startsWith(join(dir, 'x-')) && existsSync(made))
})

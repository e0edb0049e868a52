/** The one command, as a process: its end is one line and an exit code. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'

const main = join(import.meta.dirname, '..', '..', 'cli', 'main.js')
/** tap's hooks in child processes would slow them down. */
const { NODE_OPTIONS: _, ...env } = process.env
const blindsight = (...args: string[]) => spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', env })

t.test('what there is not is said in a line, with where to look', async (t) => {
  const { status, stdout, stderr } = blindsight('bench', 'everything')
  t.match(
    { status, stdout, stderr },
    { status: 2, stdout: '', stderr: /^blindsight: bench everything: expected [^\n]*\n$/ },
  )
})

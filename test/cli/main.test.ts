/** The one command, as a process: what it is called with comes to the right verb, and its end is one line and an exit code. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'

const main = join(import.meta.dirname, '..', '..', 'cli', 'main.js')
/** tap's hooks in child processes would slow them down. */
const { NODE_OPTIONS: _, ...env } = process.env
const blindsight = (...args: string[]) => spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', env })

t.test('--help has the verbs of both sides', async (t) => {
  const { status, stdout } = blindsight('--help')
  t.equal(status, 0)
  for (const verb of ['run', 'doctor', 'demo', 'subscribe', 'archive', 'decode', 'collect', 'view', 'bench', 'eval'])
    t.match(stdout, new RegExp(`^ {2}${verb} `, 'm'))
})

t.test('what there is not is said in a line, with where to look', async (t) => {
  const { status, stdout, stderr } = blindsight('bench', 'everything')
  t.match(
    { status, stdout, stderr },
    { status: 2, stdout: '', stderr: /^blindsight: bench everything: expected [^\n]*\n$/ },
  )
})

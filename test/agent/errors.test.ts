import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { AgentError, ExitCode, messageOf } from '../../agent/errors.js'

t.test('an error keeps its cause, and says how the process ends', async (t) => {
  const cause = new Error('EACCES')
  const error = new AgentError('archive', 'x: cannot be opened', ExitCode.input, { cause })
  t.match(error, { name: 'AgentError', code: 'archive', exitCode: 3, cause })
  t.ok(error instanceof Error)
})

t.test('whatever is thrown has a message', async (t) => {
  t.equal(messageOf(new Error('a')), 'a')
  t.equal(messageOf('b'), 'b')
  t.equal(messageOf(undefined), 'undefined')
})

t.test('every exit code is documented', async (t) => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'operations.md'), 'utf8')
  for (const [name, code] of Object.entries(ExitCode)) t.match(text, new RegExp(`^\\| ${code} \\|`, 'm'), name)
})

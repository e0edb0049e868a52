import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { AgentError, ExitCode, messageOf } from '../../agent/errors.js'

t.test('every exit code is documented', async (t) => {
  const documented = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'reference', 'exit-codes.md'), 'utf8')
  for (const code of Object.values(ExitCode)) t.match(documented, new RegExp(`^\\| ${code} \\| \\S`, 'm'))
})

t.test('an error that a person can act on keeps its cause', async (t) => {
  const cause = new Error('EACCES')
  const error = new AgentError('archive', 'cannot be opened', ExitCode.input, { cause })
  t.match(error, { name: 'AgentError', code: 'archive', exitCode: 3, cause })
  t.equal(messageOf(error), 'cannot be opened')
  t.equal(messageOf('thrown as text'), 'thrown as text')
})

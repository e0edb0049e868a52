import { Command } from 'commander'
import t from 'tap'
import { register } from '../../cli/bench.js'

t.test('a benchmark that there is not', async (t) => {
  const program = new Command()
  register(program)
  const bench = (...args: string[]) => program.parseAsync(['bench', ...args], { from: 'user' })
  await t.rejects(bench('everything'), {
    name: 'AgentError',
    exitCode: 2,
    message: 'bench everything: expected agent or codec',
  })
})

import t from 'tap'
import { buildProgram } from '../../cli/program.js'

t.test('the verbs of both sides behind one command, none of which ends the process by itself', async (t) => {
  const program = buildProgram().configureOutput({ writeOut: () => {}, writeErr: () => {} })
  const verbs = program.commands.map((command) => command.name())
  for (const verb of ['run', 'doctor', 'demo', 'subscribe', 'archive', 'decode', 'collect', 'view', 'bench', 'eval'])
    t.ok(verbs.includes(verb), verb)
  t.equal(new Set(verbs).size, verbs.length)
  const parsed = (...args: string[]) => program.parseAsync(args, { from: 'user' })
  await t.rejects(parsed('--version'), { code: 'commander.version', exitCode: 0 })
  await t.rejects(parsed('colect'), { code: 'commander.unknownCommand', message: /colect/ })
  await t.rejects(parsed('decode', '--out'), { name: 'CommanderError' })
})

import { Command } from 'commander'
import t from 'tap'
import { register } from '../../cli/eval.js'

const evaluate = (...args: string[]) => {
  const program = new Command().exitOverride()
  register(program)
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => {} })
  return program.parseAsync(['eval', ...args], { from: 'user' })
}

t.test('what is to be scored has to be said, and numbers are numbers', async (t) => {
  await t.rejects(evaluate(), { name: 'AgentError', exitCode: 2, message: /give --data DIR, --clips DIR or both/ })
  for (const [flag, text] of [
    ['--crop', '15'],
    ['--limit', '0'],
    ['--threads', 'two'],
  ])
    await t.rejects(evaluate('--data', 'x', flag, text), {
      exitCode: 2,
      message: new RegExp(`^${flag} ${text}: expected a whole number from`),
    })
  await t.rejects(evaluate('--data', 'x', '--coding', 'best'), { name: 'CommanderError', message: /'best' is invalid/ })
})

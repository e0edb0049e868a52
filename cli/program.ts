/** The one command, put together: the agent's verbs and the client's. Man pages, completion and the reference are made from it too. */
import { Command } from 'commander'
import { register as registerAgent } from '../agent/commands.js'
import { version } from '../agent/version.js'
import { register as registerClient } from '../client/commands.js'
import { register as registerBench } from './bench.js'
import { register as registerEval } from './eval.js'
import { showBroker } from './view.js'

export function buildProgram(): Command {
  const program = new Command('blindsight')
    .description(
      'A camera box that understands what it sees and keeps it, without ever turning it back into a picture.',
    )
    .version(version)
    .showHelpAfterError('(--help shows what is possible)')
    .exitOverride()
  program.configureOutput({ writeErr: (text) => process.stderr.write(text) })
  registerAgent(program, showBroker)
  registerClient(program)
  registerBench(program)
  registerEval(program)
  for (const command of program.commands) command.exitOverride()
  return program
}

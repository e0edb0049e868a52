/** The client's verbs without the agent's, as a process of its own. */
import { Command } from 'commander'
import { register } from '../../client/commands.js'

const program = new Command('blindsight').exitOverride((error) => process.exit(error.exitCode && 2))
register(program)
await program.parseAsync()

#!/usr/bin/env node
/** The one command: the agent's verbs and the client's, behind one --help. */
import { CommanderError } from 'commander'
import { AgentError, ExitCode } from '../agent/errors.js'
import { CodecError } from '../codec/errors.js'
import { BundleError } from '../contract/bundle-error.js'
import { buildProgram } from './program.js'

// `blindsight … | head` is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? 0 : ExitCode.unexpected),
)

try {
  await buildProgram().parseAsync()
} catch (error) {
  process.exitCode = report(error)
}
// A verb that has returned has stopped its parts; what is left (a worker's handle, a timer) must not keep the process.
if (process.exitCode) setTimeout(() => process.exit(), 2000).unref()

/** One line, or one per fault: what, where, what to do. A stack trace only for what nobody expected. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage
  if (error instanceof AgentError) return say(error.message, error.exitCode)
  if (error instanceof BundleError || error instanceof CodecError) return say(error.message, ExitCode.input)
  console.error(error)
  return ExitCode.unexpected
}

function say(message: string, code: number): number {
  for (const line of message.split('\n')) process.stderr.write(`blindsight: ${line}\n`)
  return code
}

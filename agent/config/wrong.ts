/** What is wrong with a configuration: all of it at once, a line each, in the order of the file. */
import { withoutSecrets } from '../address.js'
import { AgentError, ExitCode } from '../errors.js'

export interface Wrong {
  /** In the file; undefined: it is about no line of it. */
  readonly line: number | undefined
  /** With file and line. */
  readonly text: string
}

export class ConfigError extends AgentError {
  readonly wrongs: readonly Wrong[]

  constructor(found: readonly Wrong[]) {
    // A key's value may be an address that was meant for another.
    const said = found.map(({ line, text }) => ({ line, text: withoutSecrets(text) }))
    const wrongs = said
      .filter(({ text }, i) => said.findIndex((other) => other.text === text) === i)
      .sort((a, b) => (a.line ?? Infinity) - (b.line ?? Infinity))
    super('config', wrongs.map(({ text }) => text).join('\n'), ExitCode.config)
    this.wrongs = wrongs
  }
}

/** What `--help` says, as data: man pages, shell completion and docs/reference are made from this and from nothing else. */
import type { Command } from 'commander'

export interface Entry {
  /** As help shows it: `-c, --config <file>`, `[ref...]`. */
  readonly term: string
  readonly text: string
}

export interface VerbOption extends Entry {
  /** `--config`, `-c`: what can be typed. */
  readonly flags: readonly string[]
  readonly takesValue: boolean
  /** The only values there are, if they are few. */
  readonly choices: readonly string[]
}

export interface Verb {
  /** `['archive', 'get']`; of the program itself empty. */
  readonly path: readonly string[]
  readonly summary: string
  /** `[options] <file...>`. */
  readonly usage: string
  readonly args: readonly Entry[]
  readonly options: readonly VerbOption[]
  /** What help says below the options, as it stands: exit codes, examples. */
  readonly notes: string
  readonly verbs: readonly Verb[]
}

/** @param command the program (cli/program.ts) or one of its verbs */
export function verbOf(command: Command, path: readonly string[] = []): Verb {
  const help = command.createHelp()
  return {
    path,
    summary: command.description(),
    usage: command.usage(),
    args: help
      .visibleArguments(command)
      .map((arg) => ({ term: help.argumentTerm(arg), text: help.argumentDescription(arg) })),
    options: help.visibleOptions(command).map((option) => ({
      term: help.optionTerm(option),
      text: help.optionDescription(option),
      flags: [option.short, option.long].filter((flag) => flag !== undefined),
      takesValue: option.required || option.optional,
      choices: option.argChoices ?? [],
    })),
    notes: notesOf(command),
    verbs: help
      .visibleCommands(command)
      .filter((verb) => verb.name() !== 'help')
      .map((verb) => verbOf(verb, [...path, verb.name()])),
  }
}

/** The program and all below it, in the order of help. */
export const allVerbs = (verb: Verb): Verb[] => [verb, ...verb.verbs.flatMap(allVerbs)]

/** `blindsight archive get`. */
export const nameOf = (verb: Verb): string => ['blindsight', ...verb.path].join(' ')

/** What addHelpText('after') added: it is printed with the help and by no other means. */
function notesOf(command: Command): string {
  let printed = ''
  command.configureOutput({ writeOut: (text) => (printed += text) })
  command.outputHelp()
  return printed.slice(command.helpInformation().length).trim()
}

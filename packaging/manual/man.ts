/** Man pages (man-pages(7), groff_man(7)) of all verbs, from what `--help` says. */
import { allVerbs, type Entry, nameOf, type Verb } from './verbs.js'

export interface ManEdition {
  readonly version: string
  /** YYYY-MM-DD */
  readonly date: string
}

/** @returns file name (`blindsight-archive-get.1`) to groff source */
export function manPages(program: Verb, edition: ManEdition): Map<string, string> {
  return new Map(allVerbs(program).map((verb) => [`${pageOf(verb)}.1`, manPage(verb, program, edition)]))
}

const pageOf = (verb: Verb): string => nameOf(verb).replaceAll(' ', '-')

function manPage(verb: Verb, program: Verb, { version, date }: ManEdition): string {
  const name = pageOf(verb)
  const others = verb === program ? verb.verbs : [program]
  const parts = [
    `.TH ${quoted(name.toUpperCase())} 1 ${quoted(date)} ${quoted(`blindsight ${version}`)} "User Commands"`,
    '.SH NAME',
    `${escaped(name)} \\- ${escaped(verb.summary.replace(/\.$/, ''))}`,
    '.SH SYNOPSIS',
    `.B ${escaped(nameOf(verb))}`,
    escaped(verb.usage),
    ...section('ARGUMENTS', entries(verb.args)),
    ...section('OPTIONS', entries(verb.options)),
    ...section(
      'COMMANDS',
      entries(verb.verbs.map((below) => ({ term: `${nameOf(below)} ${below.usage}`, text: below.summary }))),
    ),
    ...section('NOTES', verb.notes ? ['.nf', ...verb.notes.split('\n').map(line), '.fi'] : []),
    ...section('FILES', verb === program ? entries(FILES) : []),
    '.SH SEE ALSO',
    [...others, ...(verb === program ? [] : verb.verbs)]
      .map((other) => `.BR ${escaped(pageOf(other))} (1)`)
      .join(' ,\n'),
  ]
  return `${parts.join('\n')}\n`
}

const FILES: Entry[] = [
  { term: '/etc/blindsight/config.yaml', text: 'what the service runs with; blindsight init writes it' },
  { term: '/etc/blindsight/collect.env', text: 'settings of the collector (blindsight-collect.service)' },
  { term: '/var/lib/blindsight', text: 'the archive, and what the networks were compiled to' },
]

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length > 0 ? [`.SH ${title}`, ...lines] : []

const entries = (of: readonly Entry[]): string[] =>
  of.flatMap(({ term, text }) => ['.TP', `.B ${escaped(term)}`, line(text)])

/** A line that begins with a dot or an apostrophe would be a request. */
const line = (text: string): string => escaped(text).replace(/^(?=[.'])/, '\\&')

/** Groff makes typographic characters of these unless they are escaped: nobody could paste the command. */
const escaped = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')

const quoted = (text: string): string => `"${escaped(text).replaceAll('"', '\\(dq')}"`

/** docs/reference/verbs.md: what `--help` says of each verb. */
import { allVerbs, type Entry, nameOf, type Verb } from '../verbs.js'
import { capital, code, fence, page, plain, table } from './markdown.js'

const INTRO = `What \`blindsight VERB --help\` says, on one page; \`man blindsight-VERB\` has it too. In a checkout the command is \`npx blindsight\`. Exit codes: [exit-codes.md](exit-codes.md).`

export function verbsPage(program: Verb): string {
  const verbs = allVerbs(program).filter(({ path }) => path.length > 0)
  const contents = verbs.map((verb) => [
    `[${nameOf(verb)}](#${nameOf(verb).replaceAll(' ', '-')})`,
    plain(verb.summary),
  ])
  return page('Verbs', INTRO, table(['', ''], contents), ...verbs.flatMap(section))
}

const section = (verb: Verb): string[] => [
  `## ${nameOf(verb)}`,
  `${plain(capital(verb.summary))}.`,
  fence('text', `${nameOf(verb)} ${verb.usage}`),
  ...(verb.args.length > 0 ? [table(['argument', ''], verb.args.map(row))] : []),
  ...(verb.options.length > 0 ? [table(['option', ''], verb.options.map(row))] : []),
  ...(verb.notes ? [fence('text', verb.notes)] : []),
]

const row = ({ term, text }: Entry): string[] => [code(term), plain(text)]

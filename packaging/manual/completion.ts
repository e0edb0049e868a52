/** Completion of verbs, options and files for bash, zsh and fish, from what `--help` says. */
import { allVerbs, type Entry, nameOf, type Verb, type VerbOption } from './verbs.js'

/** Files and folders are completed after what takes one; after any other value nothing is offered. */
const takesFile = ({ term }: Entry): boolean => /file|dir|bundle/i.test(valueName(term))

/** `<file>` of `--config <file>`; an argument's whole term. */
const valueName = (term: string): string => term.match(/<([^>]+)>/)?.[1] ?? (term.startsWith('-') ? '' : term)

const words = (verb: Verb): string[] => [
  ...verb.verbs.map(({ path }) => path.at(-1)!),
  ...verb.options.flatMap(({ flags }) => flags.filter((flag) => flag.startsWith('--'))),
]

/** For /usr/share/bash-completion/completions/blindsight; needs nothing but bash. */
export function bashCompletion(program: Verb): string {
  const verbs = allVerbs(program)
  const cases = verbs.map(
    (verb) =>
      `    ${quoted(nameOf(verb))}) words=${quoted(words(verb).join(' '))}; files=${verb.args.some(takesFile) ? 1 : ''} ;;`,
  )
  const values = new Map<string, string[]>()
  for (const verb of verbs)
    for (const option of verb.options.filter(({ takesValue }) => takesValue)) {
      const patterns = option.flags.map((flag) => quoted(`${nameOf(verb)} ${flag}`))
      values.set(bashValue(option), [...(values.get(bashValue(option)) ?? []), ...patterns])
    }
  return `# bash completion of blindsight, made from its --help
_blindsight() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} verb=blindsight word words= files= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case "$verb $word" in
      ${verbs
        .filter(({ path }) => path.length > 0)
        .map((verb) => quoted(nameOf(verb)))
        .join(' | ')}) verb="$verb $word" ;;
    esac
  done
  COMPREPLY=()
  case "$verb $prev" in
${[...values].map(([value, patterns]) => `    ${patterns.join(' | ')}) ${value} ;;`).join('\n')}
  esac
  case "$verb" in
${cases.join('\n')}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur"; [[ $cur == -* || -z $files ]] || compgen -f -- "$cur")
  [[ -z $files ]] || compopt -o filenames 2>/dev/null
}
complete -F _blindsight blindsight
`
}

/** For bash and zsh. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

function bashValue(option: VerbOption): string {
  if (option.choices.length > 0)
    return `mapfile -t COMPREPLY < <(compgen -W ${quoted(option.choices.join(' '))} -- "$cur"); return`
  return takesFile(option)
    ? 'compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return'
    : 'return'
}

/** For /usr/share/zsh/vendor-completions/_blindsight. */
export function zshCompletion(program: Verb): string {
  return `#compdef blindsight
# zsh completion of blindsight, made from its --help

${allVerbs(program).map(zshFunction).join('\n')}
_blindsight "$@"
`
}

function zshFunction(verb: Verb): string {
  const specs = verb.options.map((option) => {
    const value = option.takesValue ? `:${zshWord(valueName(option.term))}:${zshValue(option)}` : ''
    const [first, ...rest] = option.flags
    const text = `[${zshText(option.text)}]${value}`
    // One option of two names is offered once.
    return rest.length > 0
      ? `'(${option.flags.join(' ')})'{${option.flags.join(',')}}${quoted(text)}`
      : quoted(`${first}${text}`)
  })
  const args = verb.args.map((arg) => quoted(`*:${zshWord(arg.term)}:${takesFile(arg) ? '_files' : ' '}`))
  const name = zshName(verb)
  if (verb.verbs.length === 0)
    return `${name}() {\n  _arguments -s \\\n    ${[...specs, ...args.slice(-1)].join(' \\\n    ')}\n}\n`
  const list = verb.verbs.map((below) => quoted(`${below.path.at(-1)}:${zshText(below.summary)}`))
  const cases = verb.verbs.map((below) => `    ${below.path.at(-1)}) ${zshName(below)} ;;`)
  return `${name}() {
  local state line context
  typeset -A opt_args
  _arguments -C \\
    ${[...specs, "'1: :->verb'", "'*:: :->rest'"].join(' \\\n    ')}
  case $state in
  verb)
    local -a verbs=(
      ${list.join('\n      ')}
    )
    _describe command verbs
    ;;
  rest)
    case $line[1] in
${cases.join('\n')}
    esac
    ;;
  esac
}
`
}

const zshName = (verb: Verb): string => `_${nameOf(verb).replace(/[ -]/g, '_')}`
const zshValue = (option: VerbOption): string =>
  option.choices.length > 0 ? `(${option.choices.join(' ')})` : takesFile(option) ? '_files' : ' '
const zshText = (text: string): string => text.replace(/[[\]\\]/g, '\\$&').replaceAll(':', '\\:')
const zshWord = (text: string): string => text.replace(/[^A-Za-z ]/g, ' ').trim() || 'value'

/** For /usr/share/fish/vendor_completions.d/blindsight.fish. */
export function fishCompletion(program: Verb): string {
  const lines = allVerbs(program).flatMap((verb) => {
    const where = `-n ${fishQuoted(`__blindsight_at ${verb.path.join(' ')}`.trim())}`
    return [
      ...verb.verbs.map((below) => `${where} -a ${below.path.at(-1)} -d ${fishQuoted(below.summary)}`),
      ...verb.options.map((option) => `${where} ${fishOption(option)} -d ${fishQuoted(option.text)}`),
      ...(verb.args.some((arg) => takesFile(arg)) ? [`${where} -F`] : []),
    ].map((rest) => `complete -c blindsight ${rest}`)
  })
  const heads = program.verbs.map(({ path }) => path[0]).join(' ')
  const nested = allVerbs(program)
    .filter(({ path }) => path.length === 2)
    .map(({ path }) => path.join(' '))
  return `# fish completion of blindsight, made from its --help
function __blindsight_at -d 'whether exactly these verbs were typed'
    set -l typed
    for word in (commandline -opc)[2..]
        if contains -- "$typed $word" ${nested.map((path) => fishQuoted(path)).join(' ')}
            set typed "$typed $word"
        else if test -z "$typed"; and contains -- $word ${heads}
            set typed $word
        end
    end
    test "$typed" = "$argv"
end
complete -c blindsight -f
${lines.join('\n')}
`
}

function fishOption(option: VerbOption): string {
  const { flags, takesValue, choices } = option
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`))
  const value =
    choices.length > 0
      ? ` -x -a ${fishQuoted(choices.join(' '))}`
      : takesFile(option)
        ? ' -r -F'
        : takesValue
          ? ' -x'
          : ''
  return `${names.join(' ')}${value}`
}

const fishQuoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

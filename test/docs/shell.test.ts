/** What the pages show to be typed is a command, with verbs and options that there are. What can be run is run by shell.long.ts. */
import t from 'tap'
import { buildProgram } from '../../cli/program.js'
import { allVerbs, type Verb, verbOf } from '../../packaging/manual/verbs.js'
import { readPage } from './pages.js'
import { callsOf, commandsOf, shellCommands } from './shell.js'

const verbs = allVerbs(verbOf(buildProgram()))
const commands = shellCommands()

t.test('verbs and options', async (t) => {
  t.ok(commands.length > 40)
  for (const { at, text } of commands)
    for (const words of callsOf(text)) t.strictSame(unknown(words), [], `${at}: ${text}`)
})

t.test('also in what --help shows as examples', async (t) => {
  for (const verb of verbs)
    for (const line of verb.notes.split('\n').filter((line) => /^ *(Example: )?(sudo )?blindsight /.test(line)))
      for (const words of callsOf(line.replace('Example:', '').trim())) t.strictSame(unknown(words), [], line)
})

t.test('how commands are read', async (t) => {
  t.strictSame(commandsOf('a \\\n  b\nfor i in 1; do\n  echo\ndone\n\nc | # x\nd\n'), [
    'a \\\n  b',
    'for i in 1; do\n  echo\ndone',
    'c | # x\nd',
  ])
  t.throws(() => commandsOf('if true'), /bash does not take this/)
  t.strictSame(callsOf('sudo blindsight run -c "a b"   # blindsight x\ncat y | blindsight inspect --json z | jq .'), [
    ['run', '-c', 'a b'],
    ['inspect', '--json', 'z'],
  ])
  t.strictSame(unknown(['archive', 'got']), ['no verb got'])
  t.strictSame(unknown(['run', '--confg', 'x']), ['no option --confg'])
  t.strictSame(readPage('x.md', '1. a\n   ```sh\n   b\n   ```\n').blocks[0]?.text, 'b\n')
})

/** Words that are neither a verb, nor one of its options, nor can be an argument. */
function unknown(words: readonly string[]): string[] {
  let verb: Verb = verbs[0]!
  for (const word of words) {
    if (word.startsWith('-')) break
    const next = verb.verbs.find(({ path }) => path.at(-1) === word)
    if (!next && verb.verbs.length > 0) return [`no verb ${word}`]
    if (!next) break
    verb = next
  }
  const flags = new Set([...verb.options.flatMap((option) => option.flags), '--version', '-V'])
  const own = words.includes('--') ? words.slice(0, words.indexOf('--')) : words
  return own
    .filter((word) => /^--?[a-z]/i.test(word) && !flags.has(word.split('=')[0]!))
    .map((word) => `no option ${word}`)
}

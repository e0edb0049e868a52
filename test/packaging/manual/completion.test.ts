import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { buildProgram } from '../../../cli/program.js'
import { bashCompletion, fishCompletion, zshCompletion } from '../../../packaging/manual/completion.js'
import { allVerbs, verbOf } from '../../../packaging/manual/verbs.js'

const program = verbOf(buildProgram())

t.test('bash completes verbs, options, files with spaces and choices', (t) => {
  const dir = t.testdir({ 'my box.yaml': '', 'blindsight.bash': bashCompletion(program) })
  writeFileSync(
    join(dir, 'ask'),
    'source ./blindsight.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _blindsight; IFS=$\'\\n\'; echo "$' +
      '{COMPREPLY[*]}"',
  )
  const offers = (...words: string[]) =>
    execFileSync('bash', ['ask', 'blindsight', ...words], { cwd: dir, encoding: 'utf8' })
      .split('\n')
      .filter(Boolean)
  t.same(offers('arch'), ['archive'])
  t.same(offers('archive', ''), ['list', 'get', '--help'])
  t.same(offers('archive', 'get', '--dev'), ['--device'])
  t.same(offers('run', '--config', 'my'), ['my box.yaml'])
  t.same(offers('run', '-c', 'my'), ['my box.yaml'])
  t.same(offers('inspect', 'my'), ['my box.yaml'])
  t.same(offers('demo', '--seconds', ''), [], 'a number: nothing to offer')
  t.same(offers('status', 'my'), [], 'no file where none is taken')
  t.end()
})

t.test('zsh and fish: every verb and every option is there', (t) => {
  const zsh = zshCompletion(program)
  const fish = fishCompletion(program)
  t.match(zsh, /^#compdef blindsight\n/)
  for (const { path, options } of allVerbs(program)) {
    t.match(zsh, `_${['blindsight', ...path].join('_').replaceAll('-', '_')}() {`)
    for (const { flags } of options) {
      t.match(zsh, flags.length > 1 ? `{${flags.join(',')}}` : flags[0])
      const long = flags.find((flag) => flag.startsWith('--'))!.slice(2)
      t.match(fish, new RegExp(`-n '__blindsight_at${path.map((part) => ` ${part}`).join('')}' .*-l ${long}\\b`))
    }
  }
  t.end()
})

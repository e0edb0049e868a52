import t from 'tap'
import { buildProgram } from '../../cli/program.js'
import { allVerbs, verbOf } from '../../packaging/manual/verbs.js'

t.test('the verbs of both sides behind one command, none of which ends the process by itself', async (t) => {
  const program = buildProgram().configureOutput({ writeOut: () => {}, writeErr: () => {} })
  const verbs = program.commands.map((command) => command.name())
  for (const verb of ['run', 'doctor', 'demo', 'subscribe', 'archive', 'decode', 'collect', 'view', 'bench', 'eval'])
    t.ok(verbs.includes(verb), verb)
  t.equal(new Set(verbs).size, verbs.length)
  const parsed = (...args: string[]) => program.parseAsync(args, { from: 'user' })
  await t.rejects(parsed('--version'), { code: 'commander.version', exitCode: 0 })
  await t.rejects(parsed('colect'), { code: 'commander.unknownCommand', message: /colect/ })
  await t.rejects(parsed('decode', '--out'), { name: 'CommanderError' })
})

t.test('every verb says in its help how it can end', async (t) => {
  for (const { path, verbs, notes } of allVerbs(verbOf(buildProgram()))) {
    if (verbs.length > 0) continue
    const codes = /^Exit codes: (.*(?:\n\d.*)?)$/m.exec(notes)?.[1] ?? ''
    const numbers = [...codes.matchAll(/(?:^|, |,\n)(\d+) \S/g)].map(([, code]) => Number(code))
    t.strictSame(numbers.slice(0, 3), [0, 1, 2], `${path.join(' ')}: ${codes}`)
    t.strictSame(
      numbers,
      [...new Set(numbers)].sort((a, b) => a - b),
    )
  }
  const { notes } = verbOf(buildProgram().commands.find((command) => command.name() === 'init')!)
  t.match(notes, /, 3 a file is there already.*, 78 .*, 130 stopped\./)
})

import { Argument, Command, Option } from 'commander'
import t from 'tap'
import { buildProgram } from '../../../cli/program.js'
import { allVerbs, nameOf, verbOf } from '../../../packaging/manual/verbs.js'

t.test('a verb as data: what help shows, and no more', (t) => {
  const program = new Command('blindsight').description('A box.')
  program
    .command('fetch')
    .description('fetch things')
    .addArgument(new Argument('<file...>', 'what'))
    .option('-o, --out <dir>', 'where', 'here')
    .addOption(new Option('--as <form>', 'how').choices(['png', 'mp4']))
    .addOption(new Option('--secret').hideHelp())
    .addHelpText('after', '\nExample: blindsight fetch a')
    .command('all')
    .description('everything')
  const { verbs, ...top } = verbOf(program)
  t.match(top, { path: [], summary: 'A box.', notes: '' })
  t.same(verbs[0], {
    path: ['fetch'],
    summary: 'fetch things',
    usage: '[options] [command] <file...>',
    args: [{ term: 'file', text: 'what' }],
    options: [
      {
        term: '-o, --out <dir>',
        text: 'where (default: "here")',
        flags: ['-o', '--out'],
        takesValue: true,
        choices: [],
      },
      {
        term: '--as <form>',
        text: 'how (choices: "png", "mp4")',
        flags: ['--as'],
        takesValue: true,
        choices: ['png', 'mp4'],
      },
      { term: '-h, --help', text: 'display help for command', flags: ['-h', '--help'], takesValue: false, choices: [] },
    ],
    notes: 'Example: blindsight fetch a',
    verbs: [
      {
        path: ['fetch', 'all'],
        summary: 'everything',
        usage: '[options]',
        args: [],
        options: [
          {
            term: '-h, --help',
            text: 'display help for command',
            flags: ['-h', '--help'],
            takesValue: false,
            choices: [],
          },
        ],
        notes: '',
        verbs: [],
      },
    ],
  })
  t.same(allVerbs(verbOf(program)).map(nameOf), ['blindsight', 'blindsight fetch', 'blindsight fetch all'])
  t.end()
})

t.test('every verb says what it is, and each that does something has an example or exit codes', (t) => {
  for (const verb of allVerbs(verbOf(buildProgram()))) {
    t.ok(verb.summary, nameOf(verb))
    if (verb.verbs.length === 0) t.match(verb.notes, /Example|Exit code/, nameOf(verb))
  }
  t.end()
})

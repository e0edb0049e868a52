import { Command } from 'commander'
import t from 'tap'
import { register } from '../../client/commands.js'
import { run } from './run.js'

const program = new Command()
register(program)
const verbs = ['subscribe', 'archive', 'events', 'collect', 'verify', 'inspect', 'decode', 'view', 'bundle']

t.test('the verbs off the box, each said in one sentence', async (t) => {
  t.strictSame(
    program.commands.map((command) => command.name()),
    verbs,
  )
  for (const command of program.commands) t.match(command.description(), /^[a-z].{20,}/, command.name())
})

t.test('--help says how it ends, and shows examples', async (t) => {
  const groups = ['archive', 'events', 'bundle']
  const below = ['archive list', 'archive get', 'events list', 'events get']
  const release = ['bundle keygen', 'bundle sign', 'bundle pack', 'bundle send']
  const all = [...verbs.filter((verb) => !groups.includes(verb)), ...below, ...release]
  for (const verb of all) {
    const { code, out } = await run([...verb.split(' '), '--help'])
    t.equal(code, 0)
    t.match(out, /Exit codes: 0 done/, verb)
    if (verb !== 'verify') t.match(out, new RegExp(`Examples?:(\n(.*\n)?)? *blindsight ${verb}`), verb)
  }
})

t.test('a verb or a flag that there is not', async (t) => {
  t.match(await run(['subscribe', '--devise', 'x']), { code: 2, err: /unknown option '--devise'.*--device/s })
  t.match(await run(['colect']), { code: 2, err: /unknown command 'colect'.*collect/s })
})

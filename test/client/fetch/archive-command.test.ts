import { Command } from 'commander'
import t from 'tap'
import { registerArchive, targetFlags } from '../../../client/fetch/archive-command.js'
import { run } from '../run.js'

t.test('a box has to be named, and where its files go', async (t) => {
  t.match(await run(['archive', 'list']), { code: 2, err: /required option '--device <id>' not specified/ })
  t.match(await run(['archive', 'get', '--device', 'gate-1']), { code: 2, err: /'--out <dir>' not specified/ })
  t.match(await run(['archive', 'list', '--device', 'Gate 1']), { code: 2, err: /^blindsight: no id, --device Gate 1/ })
  t.match(await run(['archive', 'list', '--device', 'a', '--limit', '-1']), { code: 2, err: /--limit -1/ })
})

t.test('what it asks for if nobody says otherwise', async (t) => {
  const program = new Command()
  registerArchive(program)
  const [list, get] = program.commands[0].commands
  t.match(list.opts(), { limit: '1000', timeout: '10', broker: 'mqtt://127.0.0.1:1883', base: 'blindsight' })
  t.equal(get.opts().timeout, '10')
  const flags = targetFlags(new Command()).parse(['--device', 'a', '--class', 'car', '--zone', 'yard'], {
    from: 'user',
  })
  t.match(flags.opts(), { device: 'a', class: 'car', zone: 'yard', event: undefined })
})

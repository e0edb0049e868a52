import t from 'tap'
import { run } from '../run.js'

t.test('a box has to be named, and which events', async (t) => {
  t.match(await run(['events', 'list']), { code: 2, err: /required option '--device <id>' not specified/ })
  t.match(await run(['events', 'get', '--device', 'gate-1', 'e-1']), { code: 2, err: /'--out <dir>' not specified/ })
  t.match(await run(['events', 'get', '--device', 'gate-1', '--out', 'x']), { code: 2, err: /what to get is unclear/ })
  t.match(await run(['events', 'list', '--device', 'gate-1', '--to', 'soon']), { code: 2, err: /no time, --to soon/ })
})

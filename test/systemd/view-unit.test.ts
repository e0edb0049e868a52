import { readFileSync } from 'node:fs'
import t from 'tap'
import { registerView } from '../../client/view/command.js'
import { holdsUnit } from './client-unit.js'

// Not the box's program, which has no page.
holdsUnit('view', registerView, /^ExecStart=\/usr\/bin\/env node \/opt\/blindsight-view\/\S+ view \$VIEW_FLAGS$/)

t.test('it stays on loopback, and writes down who looks', async (t) => {
  const [flags] = readFileSync('config/view.env', 'utf8').match(/^VIEW_FLAGS=.*$/m)!
  t.match(flags, '--audit /var/lib/blindsight-view/')
  t.notMatch(flags, '--host')
})

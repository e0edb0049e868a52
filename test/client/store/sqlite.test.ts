import { join } from 'node:path'
import t from 'tap'
import { openStore } from '../../../client/store/open.js'
import { suite } from './suite.js'

suite('SQLite', async (t) => join(t.testdir(), 'fleet.sqlite'))

t.test('a file that is none, and one of a later version, are said', async (t) => {
  const dir = t.testdir({ 'fleet.sqlite': 'no database, but more than a hundred bytes of text '.repeat(20) })
  await t.rejects(openStore(join(dir, 'fleet.sqlite')), { name: 'StoreError', code: 'away', message: /not a database/ })
})

/** What it does with an archive that is another demo's. What it shows is test/e2e/demo.long.ts. */
import { userInfo } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { openDatabase } from '../../../agent/archive/database.js'
import { blindsight } from '../../e2e/program.js'

t.test('a second demo beside one, and one of an older checkout after it', async (t) => {
  const TMPDIR = t.testdir()
  const stateDir = join(TMPDIR, `blindsight-demo-${userInfo().username}`)
  const demo = () => blindsight(['demo', '--seconds', '1', '--size', '64x64'], { TMPDIR })
  const { db, lock } = openDatabase(stateDir)
  const taken = await demo()
  t.equal(taken.code, 3, taken.err)
  t.match(taken.err, `another demo runs, with its archive in ${stateDir}; stop it, or let this one have`)
  t.match(taken.err, '--state-dir DIR')
  db.pragma('user_version = 1000000')
  db.close()
  lock.close()
  const newer = await demo()
  t.equal(newer.code, 3, newer.err)
  t.match(
    newer.err,
    `a demo of a newer blindsight has left its archive in ${stateDir}; remove that (rm -r ${stateDir})`,
  )
})

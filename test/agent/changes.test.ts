import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { changes, snapshot } from '../../agent/changes.js'
import { parseConfig } from '../../agent/config/load.js'

t.test('names what differs, also inside the files that a configuration names', async (t) => {
  const passwordFile = join(t.testdir({ password: 'one' }), 'password')
  const read = (more: object, bundle = 'aa') =>
    snapshot(
      parseConfig(JSON.stringify({ cameras: [{ id: 'a', source: 'a.mp4' }], mqtt: { passwordFile }, ...more }), 'test'),
      bundle,
    )
  const before = read({})
  t.strictSame(changes(before, read({})), [])
  t.strictSame(changes(before, read({ logLevel: 'info', healthSeconds: 60 })), [], 'a default that is written down')
  t.strictSame(changes(before, read({ logLevel: 'warn', cameras: [{ id: 'b', source: 'a.mp4' }] })), [
    'cameras',
    'logLevel',
  ])
  t.strictSame(changes(before, read({}, 'bb')), ['bundle'], 'other networks in the same folder')
  writeFileSync(passwordFile, 'two')
  t.strictSame(changes(before, read({})), ['mqtt'], 'a password that was changed')
})

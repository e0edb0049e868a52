import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseConfig } from '../../agent/config/load.js'
import { unsigned } from '../../agent/signed.js'
import { keygen, signBundle } from '../../client/release/keys.js'
import { bundlesDir } from '../../contract/package-root.js'
import { otherBundle } from '../contract/other-bundle.js'

t.test('what was added needs the key’s signature, what came with the package none', async (t) => {
  const stateDir = t.testdir()
  const box = { stateDir, cameras: [{ id: 'a', source: 'x.mp4' }] }
  const key = join(stateDir, 'key')
  const config = parseConfig(JSON.stringify({ ...box, bundles: { publicKey: keygen(key).raw } }), 'c')
  const dir = otherBundle(join(stateDir, 'bundles'))
  t.match(unsigned(dir, config), /is not signed/)
  t.equal(unsigned(dir, parseConfig(JSON.stringify(box), 'c')), undefined, 'no key')
  t.equal(unsigned(join(bundlesDir(), 'field-1'), config), undefined)
  await signBundle(dir, key)
  t.equal(unsigned(dir, config), undefined)
  rmSync(join(dir, 'manifest.json'))
  t.throws(() => unsigned(dir, config))
})

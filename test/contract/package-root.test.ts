import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { bundlesDir, packageRoot } from '../../contract/package-root.js'

t.test('the folder of package.json, and the bundles that come with it', async (t) => {
  t.ok(existsSync(join(packageRoot(), 'package.json')))
  t.equal(bundlesDir(), join(packageRoot(), 'models', 'bundles'))
  t.ok(existsSync(join(bundlesDir(), 'field-1', 'manifest.json')))
})

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { bundleDir, packageRoot } from '../../agent/bundles.js'

t.test('a plain name is a bundle of the package, anything else a folder', async (t) => {
  t.equal(bundleDir('lean-1'), join(packageRoot(), 'models', 'bundles', 'lean-1'))
  for (const path of ['/srv/bundles/lean-2', './lean-2', '../lean-2', 'bundles/lean-2']) t.equal(bundleDir(path), path)
})

t.test('sources and dist/ find the same package', async (t) => {
  const built = await import(new URL('../../dist/agent/bundles.js', import.meta.url).href)
  t.equal(built.packageRoot(), packageRoot())
  t.ok(existsSync(join(packageRoot(), 'package.json')))
})

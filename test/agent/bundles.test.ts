import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { addedDir, bundleDir, packagedBundles } from '../../agent/bundles.js'
import { version } from '../../agent/version.js'
import { packageRoot } from '../../contract/package-root.js'

const root = join(import.meta.dirname, '..', '..')

t.test('the root is the folder of package.json', async (t) => {
  t.equal(packageRoot(), root)
  t.equal(version, JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version)
})

t.test('a name is a bundle that comes with the package, a path is itself', async (t) => {
  t.equal(bundleDir('lean-1'), join(root, 'models', 'bundles', 'lean-1'))
  t.ok(existsSync(join(bundleDir('lean-1'), 'manifest.json')))
  for (const path of ['/opt/bundle', './bundle', '../bundle', 'a/b', '.']) t.equal(bundleDir(path), path)
})

t.test('or one that was added, which never hides one of the package', async (t) => {
  const dir = t.testdir()
  for (const name of ['field-2', 'lean-1']) mkdirSync(join(addedDir(dir), name), { recursive: true })
  t.equal(bundleDir('field-2', dir), join(dir, 'bundles', 'field-2'))
  for (const name of ['lean-1', 'nothing']) t.equal(bundleDir(name, dir), join(root, 'models', 'bundles', name))
  t.strictSame(packagedBundles(), ['field-1', 'lean-1', 'lean-5'])
})

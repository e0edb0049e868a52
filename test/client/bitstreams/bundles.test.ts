import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Bundles } from '../../../client/bitstreams/bundles.js'
import { readFrame } from '../../../codec/index.js'
import { openBundle } from '../../../contract/bundle.js'
import { shortHash } from '../../../contract/hex.js'
import { bundlesDir } from '../../../contract/package-root.js'
import { makeBundle, makeFrame } from '../bundle.js'

t.test('found by the hash in the header', (t) => {
  const dir = t.testdir()
  const bundle = makeBundle(dir)
  const { info } = readFrame(makeFrame(bundle, 1))
  t.equal(new Bundles(dir).need(info).manifest.id, 'tiny')
  t.end()
})

t.test('streams of an earlier manifest of the same networks find their bundle', (t) => {
  const dir = t.testdir()
  const bundle = makeBundle(dir)
  const earlier = readFrame(makeFrame(bundle, 1)).info
  const manifest = { ...bundle.manifest, created: 'later', replaces: [bundle.sha256] }
  writeFileSync(join(bundle.dir, 'manifest.json'), JSON.stringify(manifest))
  const later = readFrame(makeFrame(openBundle(bundle.dir), 1)).info
  t.not(later.bundle, earlier.bundle)
  for (const info of [earlier, later]) t.equal(new Bundles(dir).need(info).manifest.id, 'tiny')
  t.end()
})

t.test('what a published bundle has coded is decoded by the one that took its place', (t) => {
  const bundles = new Bundles(bundlesDir())
  const field = openBundle(join(bundlesDir(), 'field-1'))
  const { info } = readFrame(makeFrame(makeBundle(t.testdir()), 1))
  const { channels, levels, stride, multiple } = field.manifest.latent
  const sides = { channels, levels, stride, width: 4 * multiple, height: 2 * multiple }
  // field-1 of 1.0.0.
  const earlier = { ...info, ...sides, bundle: 'ca361fa2a8d470a1', tables: shortHash(field.entropy.sha256) }
  t.equal(bundles.need(earlier).manifest.id, 'field-1')
  t.end()
})

t.test('a missing bundle is named', (t) => {
  const dir = t.testdir()
  const { info } = readFrame(makeFrame(makeBundle(dir), 1, undefined, { bundle: 'fedcba9876543210' }))
  t.equal(new Bundles(dir).find(info), undefined)
  t.throws(() => new Bundles(dir).need(info), { code: 'input', message: /fedcba9876543210/ })
  t.throws(() => new Bundles(join(dir, 'absent')).need(info), { code: 'input', message: /fedcba9876543210/ })
  t.end()
})

t.test('a frame that its bundle cannot have made is refused', (t) => {
  const dir = t.testdir()
  const bundle = makeBundle(dir)
  const { info } = readFrame(makeFrame(bundle, 1, undefined, { tables: 'fedcba9876543210' }))
  t.throws(() => new Bundles(dir).need(info), { code: 'input', message: /do not fit/ })
  writeFileSync(join(bundle.dir, 'entropy.json'), '{}')
  const whole = readFrame(makeFrame(bundle, 1)).info
  t.throws(() => new Bundles(dir).need(whole), { name: 'BundleError', code: 'hash' })
  t.end()
})

t.test('the default is beside package.json', (t) => {
  t.equal(bundlesDir(), join(import.meta.dirname, '../../../models/bundles'))
  t.end()
})

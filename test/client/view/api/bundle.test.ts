import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Bundles } from '../../../../client/bitstreams/bundles.js'
import { bundlePart, describeBundle } from '../../../../client/view/api/bundle.js'
import { shortHash } from '../../../../contract/hex.js'
import { bundlesDir } from '../../../../contract/package-root.js'
import { makeBundle } from '../../bundle.js'

t.test('of a bundle with a context model', async (t) => {
  const bundles = new Bundles(bundlesDir())
  const { openBundle } = await import('../../../../contract/bundle.js')
  const { sha256, context } = openBundle(join(bundlesDir(), 'field-1'))
  const found = describeBundle(bundles, shortHash(sha256))
  t.equal(found.context, context!.sha256)
  t.ok(found.labels.includes('person'))
  t.same(bundlePart(bundles, shortHash(sha256), 'context').bytes, context!.bytes)
})

t.test('a decoder that is not there or damaged is said to be so', async (t) => {
  const dir = join(t.testdir(), 'bundles')
  const bundle = makeBundle(dir)
  const decoder = join(bundle.dir, 'decoder', 'decoder.onnx')
  const hash = shortHash(bundle.sha256)
  writeFileSync(decoder, 'other')
  t.throws(() => bundlePart(new Bundles(dir), hash, 'decoder'), /damaged or of another bundle/)
  rmSync(decoder)
  t.throws(() => bundlePart(new Bundles(dir), hash, 'decoder'), /cannot be read/)
})

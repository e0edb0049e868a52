/** The graphs that a box runs. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openBundle } from '../../contract/bundle.js'
import { type BoxGraph, boxGraphFile, boxGraphPath, headsOf, maskOf } from '../../contract/bundle-graphs.js'
import { bundlesDir } from '../../contract/package-root.js'

const field = openBundle(join(bundlesDir(), 'field-1'))
const lean = openBundle(join(bundlesDir(), 'lean-1'))

t.test('paths of those that a bundle has, and never the decoder', async (t) => {
  t.equal(boxGraphPath(field, 'analyse.int8'), join(field.dir, 'analyse.int8.onnx'))
  t.throws(() => boxGraphPath(lean, 'analyse'), { code: 'manifest', message: /does not list analyse\.onnx/ })
  t.notOk('decoder' in boxGraphFile)
  t.throws(() => boxGraphPath(field, 'decoder' as BoxGraph))
})

t.test('what its heads say', async (t) => {
  t.strictSame([headsOf(field.manifest), headsOf(lean.manifest)], [['analyse'], ['classify', 'segment']])
  t.match([maskOf(field.manifest), maskOf(lean.manifest)], [{ head: 'analyse' }, { head: 'segment', stride: 4 }])
})

t.test('it loads nothing that checks manifests', async (t) => {
  const source = readFileSync(join(process.cwd(), 'contract', 'bundle-graphs.ts'), 'utf8')
  const loaded = [...source.matchAll(/^import (?!type ).*from '(.*)'$/gm)].map(([, from]) => from)
  t.strictSame(loaded, ['node:crypto', 'node:fs', 'node:path', './bundle-error.js'])
})

/** A bundle that does not fit is refused, with the file and the reason. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { bundleDir, DEFAULT_BUNDLE } from '../../agent/bundles.js'
import { BundleError, graphPath, headsOf, type Manifest, maskOf, openBundle } from '../../contract/bundle.js'
import { analysingBundle } from './analysing-bundle.js'

const released = join(import.meta.dirname, '..', '..', 'models', 'bundles', 'lean-1')

function copy(t: Test): string {
  const dir = t.testdir()
  cpSync(released, dir, { recursive: true })
  return dir
}

/** Changes the manifest and opens the bundle. */
function refuses(t: Test, change: (manifest: Record<string, never>) => void, code: string, words: RegExp) {
  const dir = copy(t)
  const file = join(dir, 'manifest.json')
  const manifest = JSON.parse(readFileSync(file, 'utf8'))
  change(manifest)
  writeFileSync(file, JSON.stringify(manifest))
  t.throws(() => openBundle(dir), { name: 'BundleError', code, message: words })
}

t.test('the released one opens', async (t) => {
  const bundle = openBundle(released)
  t.match(bundle.manifest, { id: 'lean-1', latent: { channels: 16, levels: 6, stride: 8 } })
  t.match(bundle.sha256, /^[0-9a-f]{64}$/)
  t.equal(bundle.manifest.classes.classify.length, 20)
  t.equal(bundle.manifest.classes.segment.length, 11)
  for (const name of ['encoder', 'classify', 'segment', 'decoder'] as const) t.ok(graphPath(bundle, name))
  const bytes = Object.values(bundle.manifest.files).reduce((sum, file) => sum + file.bytes, 0)
  t.ok(bytes < 40e6, `${bytes} bytes`)
})

t.test('the default one is whole and small', async (t) => {
  const bundle = openBundle(bundleDir(DEFAULT_BUNDLE))
  t.equal(bundle.manifest.id, DEFAULT_BUNDLE)
  for (const name of ['encoder', ...headsOf(bundle.manifest), 'decoder'] as const) t.ok(graphPath(bundle, name))
  t.ok(bundle.context, 'with a context model')
  const bytes = Object.values(bundle.manifest.files).reduce((sum, file) => sum + file.bytes, 0)
  t.ok(bytes < 40e6, `${bytes} bytes`)
})

t.test('one changed byte', async (t) => {
  const dir = copy(t)
  for (const name of ['encoder.onnx', 'entropy.json']) {
    const file = join(dir, name)
    const bytes = readFileSync(file)
    bytes[bytes.length >> 1]! ^= 1
    writeFileSync(file, bytes)
  }
  t.throws(() => openBundle(dir), { code: 'hash', message: /entropy\.json: .*damaged/ })
  cpSync(join(released, 'entropy.json'), join(dir, 'entropy.json'))
  const bundle = openBundle(dir)
  t.throws(() => graphPath(bundle, 'encoder'), { code: 'hash', message: /encoder\.onnx: .*damaged/ })
})

t.test('a missing file', async (t) => {
  const dir = copy(t)
  rmSync(join(dir, 'segment.onnx'))
  t.throws(() => graphPath(openBundle(dir), 'segment'), {
    code: 'missing',
    message: /segment\.onnx: .*; install the bundle again$/,
  })
  rmSync(join(dir, 'manifest.json'))
  t.throws(() => openBundle(dir), { code: 'missing', message: /manifest\.json/ })
  t.throws(() => openBundle(join(dir, 'nowhere')), BundleError)
})

t.test('manifests', async (t) => {
  type M = {
    latent: { channels: number; centres: number[] }
    files: Record<string, unknown>
    format: number
    more: number
  }
  const change = (edit: (m: M) => void) => edit as unknown as (m: Record<string, never>) => void
  await t.test('a later format', async (t) =>
    refuses(
      t,
      change((m) => {
        m.format = 2
      }),
      'manifest',
      /format/,
    ),
  )
  await t.test('an unknown key', async (t) =>
    refuses(
      t,
      change((m) => {
        m.more = 1
      }),
      'manifest',
      /more/,
    ),
  )
  await t.test('centres', async (t) =>
    refuses(
      t,
      change((m) => {
        m.latent.centres.reverse()
      }),
      'manifest',
      /ascending/,
    ),
  )
  await t.test('tables of another shape', async (t) =>
    refuses(
      t,
      change((m) => {
        m.latent.channels = 8
      }),
      'tables',
      /8 rows/,
    ),
  )
  await t.test('a file that is not listed', async (t) =>
    refuses(
      t,
      change((m) => {
        delete m.files['entropy.json']
      }),
      'manifest',
      /entropy\.json/,
    ),
  )
  const dir = t.testdir({ 'manifest.json': 'no json' })
  t.throws(() => openBundle(dir), { code: 'manifest', message: /not JSON/ })
})

t.test('an analyser in the place of classifier and segmenter', (t) => {
  const { manifest } = openBundle(analysingBundle(t.testdir()))
  t.same(headsOf(manifest), ['analyse'])
  t.match(maskOf(manifest), { head: 'analyse', stride: 4, labels: { length: 11 } })
  t.same(headsOf(openBundle(released).manifest), ['classify', 'segment'])
  t.match(maskOf(openBundle(released).manifest), { head: 'segment', stride: 4, labels: { length: 11 } })
  t.end()
})

t.test('what an analyser says of itself has to hold together', (t) => {
  const refused = (forge: (manifest: Manifest) => void, message: RegExp) =>
    t.throws(() => openBundle(analysingBundle(t.testdir(), forge)), { name: 'BundleError', code: 'manifest', message })
  refused(({ analyse }) => {
    analyse!.tags.thresholds.horse = { enter: 0.5, leave: 0.4 }
  }, /analyse\.tags\.thresholds: 'horse' is none of person, bicycle, .*cat/)
  refused(({ analyse }) => {
    delete analyse!.tags.thresholds.dog
  }, /thresholds: dog has none/)
  refused(({ analyse }) => {
    analyse!.tags.thresholds.dog = { enter: 0.4, leave: 0.5 }
  }, /thresholds\.dog: leave is above enter/)
  refused(({ analyse }) => {
    analyse!.presence[0]!.mask.push('tree')
  }, /analyse\.presence\.person\.mask: 'tree' is none of other, person/)
  refused(({ analyse }) => {
    Object.assign(analyse!, { map: { kind: 'logit', top: 3 } })
    analyse!.mask.stride = 16
  }, /analyse\.map: the mask's stride, 16, does not divide the latent's, 8/)
  refused((manifest) => {
    delete manifest.analyse
  }, /analyse\.onnx is listed, but 'analyse' does not describe it/)
  refused(({ files }) => {
    delete files['analyse.onnx']
  }, /has neither analyse\.onnx nor classify\.onnx or segment\.onnx/)
  t.end()
})

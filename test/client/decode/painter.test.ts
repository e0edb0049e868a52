import t from 'tap'
import { Painter } from '../../../client/decode/painter.js'
import { readRecord } from '../../../codec/index.js'
import { makeBundle, makeFrame, sampleSymbols } from '../bundle.js'

t.test('symbols become a picture and the mask beside it', async (t) => {
  const bundle = makeBundle(t.testdir())
  const painter = await Painter.open(bundle)
  t.teardown(() => painter.close())
  const frame = readRecord(makeFrame(bundle, 1)).frame!
  const view = await painter.paint(frame, sampleSymbols())
  t.equal(view.width, 64)
  const red = (x: number) => view.data[x * 3]
  // Greys by symbol on the left; sky, road and car mixed with them on the right.
  t.strictSame([red(4), red(12), red(20)], [0, 20, 40])
  t.strictSame([red(36), red(44), red(52)], [70 >> 1, (20 + 128) >> 1, (40 + 20) >> 1])
  await t.rejects(painter.paint({ ...frame, width: 48 }, sampleSymbols()), { name: 'BundleError', code: 'graph' })
})

t.test('a bundle that cannot say what is what', async (t) => {
  const bundle = makeBundle(t.testdir())
  const { segment: _, ...manifest } = bundle.manifest
  await t.rejects(Painter.open({ ...bundle, manifest }), { name: 'BundleError', code: 'manifest' })
})

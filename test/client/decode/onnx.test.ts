import { join } from 'node:path'
import t from 'tap'
import { Graph } from '../../../client/decode/onnx.js'
import { sampleSymbols } from '../bundle.js'

const decoder = join(import.meta.dirname, '..', 'fixtures', 'decoder.onnx')

t.test('a graph that runs, and one whose answer is not what was expected', async (t) => {
  const graph = await Graph.open(decoder)
  t.teardown(() => graph.close())
  const dims = [1, 2, 2, 4]
  const { data } = await graph.run(sampleSymbols(), dims, 'frame', [1, 16, 32, 3])
  t.strictSame([data[0], data[8 * 3], data[16 * 3]], [0, 20, 40])
  const wrong = (...args: Parameters<Graph['run']>) =>
    t.rejects(graph.run(...args), { name: 'BundleError', code: 'graph', message: /decoder\.onnx: / })
  await wrong(sampleSymbols(), dims, 'frame', [1, 16, 16, 3])
  await wrong(sampleSymbols(), dims, 'mask', [1, 4, 8])
  await wrong(sampleSymbols().subarray(1), dims, 'frame', [1, 16, 32, 3])
})

t.test('a file that is no network', async (t) => {
  const file = join(t.testdir({ 'x.onnx': 'no network' }), 'x.onnx')
  await t.rejects(Graph.open(file), { code: 'graph', message: /x\.onnx: cannot be loaded/ })
})

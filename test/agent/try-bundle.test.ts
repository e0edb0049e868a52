import { join } from 'node:path'
import t from 'tap'
import { tryBundle } from '../../agent/try-bundle.js'
import { bundlesDir } from '../../contract/package-root.js'
import { otherBundle, withFile } from '../contract/other-bundle.js'

t.test('one that runs, without a context model and with two heads', async () => {
  await tryBundle(join(bundlesDir(), 'lean-1'))
})

t.test('what does not', async (t) => {
  const dir = t.testdir()
  const text = otherBundle(dir, 'text')
  withFile(text, 'analyse.onnx', Buffer.from('no network'))
  await t.rejects(tryBundle(text), { exitCode: 3, message: /analyse\.onnx: ONNX Runtime cannot run it/ })
  const context = otherBundle(dir, 'context')
  withFile(context, 'context.bin', Buffer.from('no model'))
  await t.rejects(tryBundle(context), /context|model/i)
})

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { pack } from '../../../client/release/pack.js'
import { readLoose } from '../../../contract/bundle-file.js'
import { otherBundle } from '../../contract/other-bundle.js'

t.test('a file that tar reads too, without the decoder', async (t) => {
  const dir = t.testdir()
  const out = join(dir, 'x.tar.gz')
  t.match(await pack(otherBundle(dir), out), { id: 'field-2', signer: undefined, leftOut: ['decoder/decoder.onnx'] })
  const names = execFileSync('tar', ['-tzf', out]).toString().trim().split('\n')
  t.strictSame(names, [
    'manifest.json',
    'encoder.onnx',
    'analyse.onnx',
    'analyse.int8.onnx',
    'entropy.json',
    'context.bin',
  ])
  t.equal((await readLoose(out)).manifest.id, 'field-2')
  await t.rejects(pack(join(dir, 'nowhere'), out), { name: 'BundleError' })
})

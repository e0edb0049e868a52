import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Encoder } from '../../codec/index.js'
import { openBundle } from '../../contract/bundle.js'
import { codingOf } from '../../contract/coding.js'
import { shortHash } from '../../contract/hex.js'

const released = join(import.meta.dirname, '../../models/bundles/lean-1')

/** The bundle without its networks. */
function copy(dir: string): string {
  for (const file of ['manifest.json', 'entropy.json', 'context.bin']) cpSync(join(released, file), join(dir, file))
  return dir
}

t.test('the released bundle codes in every profile', async (t) => {
  const bundle = openBundle(copy(t.testdir()))
  const coding = codingOf(bundle)
  t.equal(coding.contextHash, shortHash(bundle.context!.sha256))
  t.ok(bundle.context!.bytes.length < 1e6)
  for (const profile of ['static', 'fast', 'max'] as const) {
    const encoder = new Encoder(profile, coding, { height: 2, width: 2 })
    t.ok(encoder.encode(new Uint8Array(64)).payload.length > 0)
  }
})

t.test('a bundle without context model codes static only', async (t) => {
  const dir = copy(t.testdir())
  const manifest = JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8'))
  delete manifest.files['context.bin']
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify(manifest))
  const coding = codingOf(openBundle(dir))
  t.equal(coding.model, undefined)
  t.ok(new Encoder('static', coding, { height: 2, width: 2 }))
  t.throws(() => new Encoder('max', coding, { height: 2, width: 2 }), { code: 'context' })
})

t.test('a damaged context model is found when the bundle is opened', async (t) => {
  const dir = copy(t.testdir())
  const bytes = readFileSync(join(dir, 'context.bin'))
  bytes[1000] ^= 1
  writeFileSync(join(dir, 'context.bin'), bytes)
  t.throws(() => openBundle(dir), { name: 'BundleError', code: 'hash', message: /context\.bin/ })
})

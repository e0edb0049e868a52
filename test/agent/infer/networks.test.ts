/** Networks that open but are not those the manifest describes, hashes and all in order. */
import { createHash } from 'node:crypto'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Networks } from '../../../agent/infer/networks.js'
import { type Analyse, type Manifest, openBundle } from '../../../contract/bundle.js'
import { analysingBundle } from '../../contract/analysing-bundle.js'

const released = join(import.meta.dirname, '..', '..', '..', 'models', 'bundles', 'lean-1')
const size = { width: 64, height: 48 }
const options = { providers: ['cpu'] as const, threads: 1, note: () => {} }

function open(t: Test, forge: (dir: string, manifest: Manifest) => void, heads: ('classify' | 'segment')[] = []) {
  const dir = t.testdir()
  cpSync(released, dir, { recursive: true })
  const manifest = JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8'))
  forge(dir, manifest)
  for (const [file, entry] of Object.entries<{ bytes: number; sha256: string }>(manifest.files)) {
    const bytes = readFileSync(join(dir, file))
    Object.assign(entry, { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') })
  }
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify(manifest))
  return Networks.open(openBundle(dir), new Set(heads), [size], options)
}
const swap = (from: string, to: string) => (dir: string) => cpSync(join(dir, from), join(dir, to))
const refusal = (message: RegExp) => ({ name: 'BundleError', code: 'graph', message })

t.test('the released ones: shapes, and symbols that the tables know', async (t) => {
  const networks = await Networks.open(openBundle(released), new Set(['classify', 'segment']), [size], options)
  const rgb = new Uint8Array(size.width * size.height * 3).map((_, i) => (i * 37) & 255)
  const symbols = await networks.encode(rgb, size)
  t.equal(symbols.length, 16 * 8 * 6)
  t.ok(symbols.every((s) => s < 6) && new Set(symbols).size > 1)
  t.equal((await networks.classify(symbols, size)).length, 20)
  const { mask, fractions } = await networks.segment(symbols, size)
  t.ok(mask.every((id) => id < 11))
  for (const [id, share] of fractions.entries()) {
    const counted = mask.filter((m) => m === id).length / mask.length
    t.ok(Math.abs(share - counted) < 0.05, `class ${id}: ${share}, ${counted} in the mask`)
  }
  await networks.release()
})

t.test('an analyser: tags, mask and shares of one network', async (t) => {
  const networks = await Networks.open(openBundle(analysingBundle(t.testdir())), new Set(['analyse']), [size], options)
  t.equal(networks.providers.analyse, 'cpu')
  const cells = (size.width / 8) * (size.height / 8)
  const symbols = new Uint8Array(16 * cells)
  symbols.fill(2, 0, cells / 2) // channel 0, upper half
  symbols.fill(5, 3 * cells, 4 * cells)
  const { tags, mask, fractions } = await networks.analyse(symbols, size)
  t.same([...tags], [Math.fround(0.2), 0, 0, 1, 0, 0, 0, 0])
  t.same([...new Set(mask.subarray(0, mask.length / 2))], [2])
  t.same([...new Set(mask.subarray(mask.length / 2))], [0])
  t.match([...fractions], [0.5, 0, 0.5, ...new Array(8).fill(0)])
  await networks.release()
})

t.test('an analyser that its manifest does not describe', async (t) => {
  const opened = (forge: (analyse: Analyse) => void) => {
    const dir = analysingBundle(t.testdir(), ({ analyse }) => forge(analyse!))
    return Networks.open(openBundle(dir), new Set(['analyse']), [size], options)
  }
  const coarser = ({ mask }: Analyse) => void Object.assign(mask, { stride: 8 })
  await t.rejects(opened(coarser), refusal(/mask is a Uint8Array of 192 for a 64x48 frame, expected .* of 48/))
  const more = ({ mask }: Analyse) => void mask.classes.push({ id: 'water', label: 'water', kind: 'scene' })
  await t.rejects(opened(more), refusal(/fractions is a Float32Array of 11 .*expected .* of 12/))
})

t.test('a network in the place of another', async (t) => {
  const decoder = join('decoder', 'decoder.onnx')
  const names = refusal(/segment\.onnx: has symbols -> .*, expected symbols -> mask,fractions/)
  await t.rejects(open(t, swap('classify.onnx', 'segment.onnx'), ['segment']), names)
  await t.rejects(open(t, swap(decoder, 'segment.onnx'), ['segment']), names, 'the decoder, of all')
  await t.rejects(open(t, swap('classify.onnx', 'encoder.onnx')), refusal(/encoder\.onnx: /))
})

t.test('a file that is no network', async (t) => {
  const forge = (dir: string) => writeFileSync(join(dir, 'encoder.onnx'), 'no network')
  await t.rejects(open(t, forge), refusal(/encoder\.onnx: ONNX Runtime cannot run it \(.+\)/))
})

t.test('networks of other sizes than the manifest says', async (t) => {
  const fewer = (_: string, { classes }: Manifest) => void classes.classify.pop()
  await t.rejects(open(t, fewer, ['classify']), refusal(/probabilities is a Float32Array of 20 .*expected .* of 19/))
  const coarser = (_: string, { segment }: Manifest) => void Object.assign(segment!, { stride: segment!.stride * 2 })
  await t.rejects(open(t, coarser, ['segment']), refusal(/mask is a Uint8Array of \d+ for a 64x48 frame/))
})

/** Networks that open but are not those the manifest describes, hashes and all in order. */
import { createHash } from 'node:crypto'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { multipliesBytes } from '../../../agent/infer/bytes.js'
import { Networks, tagsOf } from '../../../agent/infer/networks.js'
import { Graph } from '../../../agent/infer/onnx.js'
import { partOf } from '../../../agent/infer/part.js'
import { type Analyse, type Manifest, openBundle } from '../../../contract/bundle.js'
import { bundlesDir } from '../../../contract/package-root.js'
import { clipFrames } from '../../bench/frames.js'
import { analysingBundle } from '../../contract/analysing-bundle.js'
import { otherBundle, withFile } from '../../contract/other-bundle.js'

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
  const mapped = (analyse: Analyse) => void Object.assign(analyse, { map: { kind: 'logit', top: 3 } })
  await t.rejects(opened(mapped), refusal(/tags,mask,fractions, expected symbols -> tags,mask,fractions,map/))
  await t.rejects(opened(more), refusal(/fractions is a Float32Array of 11 .*expected .* of 12/))
})

t.test('an analyser that gives its map: of a part of the picture, the rest as it was', async (t) => {
  const bundle = openBundle(join(bundlesDir(), 'field-1'))
  const networks = await Networks.open(bundle, new Set(['analyse']), [], options)
  const size = { width: 320, height: 192 }
  const cells = { width: 40, height: 24 }
  const rgb = new Uint8Array(size.width * size.height * 3).map((_, i) => (i * 37 + (i >> 9) * 11) & 255)
  const symbols = await networks.encode(rgb, size)
  const before = await networks.analyse(symbols, size)
  const near = (a: Float32Array, b: Float32Array, by = 1e-5) => a.every((x, i) => Math.abs(x - b[i]!) < by)
  const { top } = bundle.manifest.analyse!.map!
  t.ok(near(tagsOf(before.map!, cells, top), before.tags), 'tags are what the graph makes of its map')

  const changed = new Uint8Array(cells.width * cells.height)
  for (let y = 8; y < 12; y++) changed.fill(1, y * cells.width + 6, y * cells.width + 10)
  const now = symbols.map((symbol, i) => (changed[i % changed.length] ? 5 - symbol : symbol))
  const part = partOf(changed, cells)!
  const after = await networks.analyse(now, size, { part, before })
  t.equal(after.map!.length, before.map!.length)
  const inside = (x: number, y: number) =>
    x >= part.taken.left && x < part.taken.right && y >= part.taken.top && y < part.taken.bottom
  const differing = [...after.map!.keys()].filter((i) => after.map![i] !== before.map![i])
  t.ok(differing.length > 8)
  const { width, height } = cells
  t.ok(differing.every((i) => inside(i % width, Math.floor((i % (width * height)) / width))))
  const elsewhere = [...after.mask.keys()].filter(
    (i) => !inside(Math.floor((i % (2 * width)) / 2), Math.floor(i / (4 * width))),
  )
  t.ok(elsewhere.every((i) => after.mask[i] === before.mask[i]))
  const counted = after.fractions.map((_, id) => after.mask.filter((one) => one === id).length / after.mask.length)
  t.ok(near(after.fractions, counted))
  t.ok(near(after.tags, tagsOf(after.map!, cells, top), 1e-7))

  const all = { left: 0, top: 0, right: 40, bottom: 24 }
  const whole = await networks.analyse(now, size)
  const asPart = await networks.analyse(now, size, { part: { seen: all, taken: all }, before })
  t.same(asPart.mask, whole.mask, 'a part that is all of it')
  t.ok(near(asPart.tags, whole.tags))
  t.ok(near(asPart.fractions, whole.fractions))
  await networks.release()
})

t.test('the analyser in int8 and in float say nearly the same, of a street with cars', async (t) => {
  const bundle = openBundle(join(bundlesDir(), 'field-1'))
  const size = { width: 448, height: 256 }
  const networks = await Networks.open(bundle, new Set(['analyse']), [], { ...options, precision: 'float' })
  t.equal(networks.precision, 'float')
  const int8 = await Graph.open(join(bundle.dir, 'analyse.int8.onnx'), options, [])
  let most = 0
  for (const rgb of await clipFrames(size.width, size.height, 15, 1)) {
    const symbols = await networks.encode(rgb, size)
    const { tags, mask } = await networks.analyse(symbols, size)
    const [tags8, mask8] = await int8.run({ data: symbols, dims: [1, 16, 32, 56] })
    for (const [i, p] of tags.entries()) t.ok(Math.abs(p - Number(tags8!.data[i])) < 0.1, `${p} ${tags8!.data[i]}`)
    const differing = mask.filter((id, i) => id !== mask8!.data[i]).length
    t.ok(differing < 0.05 * mask.length, `${differing} of ${mask.length} places`)
    most = Math.max(most, ...tags)
  }
  t.ok(most > 0.6, 'something is seen')
  await int8.release()
  await networks.release()
})

t.test('which of the two runs is for the processor and the configuration', async (t) => {
  const open = async (precision: 'auto' | 'float', dir = join(bundlesDir(), 'field-1')) => {
    const notes: string[] = []
    const note = (text: string) => void notes.push(text)
    const networks = await Networks.open(openBundle(dir), new Set(['analyse']), [size], { ...options, precision, note })
    t.equal((await networks.analyse(new Uint8Array(16 * 8 * 6), size)).tags.length, 8)
    await networks.release()
    return [networks.precision, ...notes]
  }
  const fast = multipliesBytes() ? 'int8' : 'float'
  t.same(await open('auto'), [fast, `analyse runs in ${fast}`])
  t.same(await open('float'), ['float', 'analyse runs in float'])
  const broken = otherBundle(t.testdir())
  withFile(broken, 'analyse.int8.onnx', Buffer.from('no network'))
  const [ran, ...notes] = await open('auto', broken)
  t.equal(ran, 'float', 'the box goes on')
  if (fast === 'int8')
    t.match(notes, [/^cpu: .*analyse\.int8\.onnx failed/, /analyse\.int8\.onnx does not run/, 'analyse runs in float'])
})

t.test('a damaged graph in int8 is refused where it would run', async (t) => {
  const dir = t.testdir()
  cpSync(join(bundlesDir(), 'field-1'), dir, { recursive: true })
  writeFileSync(join(dir, 'analyse.int8.onnx'), 'damaged')
  const open = (precision: 'auto' | 'float') =>
    Networks.open(openBundle(dir), new Set(['analyse']), [size], { ...options, precision })
  if (multipliesBytes()) await t.rejects(open('auto'), { code: 'hash', message: /analyse\.int8\.onnx: 7 bytes/ })
  await (await open('float')).release()
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

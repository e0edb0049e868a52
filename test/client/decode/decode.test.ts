import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decode as decodePng } from 'fast-png'
import t, { type Test } from 'tap'
import { boot, makeBundle, makeFrame } from '../bundle.js'
import { run } from '../run.js'

function setUp(t: Test) {
  const dir = t.testdir()
  const bundles = join(dir, 'bundles')
  const bundle = makeBundle(bundles)
  const file = (seq: number) => {
    const path = join(dir, `street-${boot}-${seq}.bsf`)
    writeFileSync(path, makeFrame(bundle, seq))
    return path
  }
  return { dir, bundles, bundle, file, out: join(dir, 'out') }
}

t.test('a picture, its segmentation beside it', async (t) => {
  const { file, bundles, out } = setUp(t)
  const { code, err } = await run(['decode', file(1), '--out', out, '--bundles', bundles])
  t.equal(code, 0, err)
  const png = decodePng(readFileSync(join(out, `street-${boot}-1.png`)))
  t.match(png, { width: 64, channels: 3 })
  t.ok(png.height > 16)
  const pixel = (x: number, y: number) => [...png.data.subarray((y * 64 + x) * 3, (y * 64 + x) * 3 + 3)]
  // Symbols 0 1 2 2 in the first row are greys of 0, 20, 40, 40 and classes sky, road, car, car.
  t.same(pixel(4, 4), [0, 0, 0])
  t.same(pixel(12, 4), [20, 20, 20])
  t.same(pixel(32 + 4, 4), [35, 65, 90])
  t.same(pixel(32 + 12, 4), [74, 42, 74])
})

t.test('a video at the speed of what happened', async (t) => {
  const { file, bundles, dir } = setUp(t)
  const mp4 = join(dir, 'street.mp4')
  const { code, err } = await run(['decode', file(10), file(8), file(9), '--mp4', mp4, '--bundles', bundles])
  t.equal(code, 0, err)
  const show = [
    '-v',
    'error',
    '-count_frames',
    '-show_entries',
    'stream=width,r_frame_rate,nb_read_frames',
    '-of',
    'json',
  ]
  const { stdout } = spawnSync('ffprobe', [...show, mp4], { encoding: 'utf8' })
  t.match(JSON.parse(stdout).streams, [{ width: 64, r_frame_rate: '10/1', nb_read_frames: '3' }])
})

t.test('damaged files are named, the others decoded', async (t) => {
  const { file, bundles, out, dir } = setUp(t)
  const bad = join(dir, 'truncated.bsf')
  writeFileSync(bad, readFileSync(file(1)).subarray(0, -1))
  const { code, err } = await run(['decode', bad, file(2), '--out', out, '--bundles', bundles])
  t.equal(code, 3)
  t.match(err, /^blindsight: damaged bitstream, .*truncated\.bsf.*\n$/)
  t.same(readdirSync(out), [`street-${boot}-2.png`])
})

t.test('what goes wrong is one line and a documented exit code', async (t) => {
  const { file, bundles, bundle, out, dir } = setUp(t)
  const other = join(dir, 'other.bsf')
  writeFileSync(other, makeFrame(bundle, 1, undefined, { bundle: 'fedcba9876543210' }))
  const wide = join(dir, 'wide.bsf')
  writeFileSync(wide, makeFrame(bundle, 2, new Uint8Array(16), { width: 16, height: 32 }))
  const mp4 = join(dir, 'x.mp4')
  const cases: [string[], number, RegExp][] = [
    [[file(1), '--bundles', bundles], 2, /--out DIR or --mp4/],
    [[file(1), '--mp4', mp4, '--fps', '0', '--bundles', bundles], 2, /--fps 0/],
    [['/nowhere.bsf', '--out', out, '--bundles', bundles], 3, /\/nowhere\.bsf/],
    [[other, '--out', out, '--bundles', bundles], 3, /no bundle fedcba9876543210/],
    [[file(1), '--out', out, '--bundles', join(dir, 'none')], 3, /no bundle [0-9a-f]{16}/],
    [[file(1), wide, '--mp4', mp4, '--bundles', bundles], 3, /64x\d+ and 32x/],
  ]
  for (const [args, code, message] of cases) {
    const ended = await run(['decode', ...args])
    t.equal(ended.code, code, args.join(' '))
    t.match(ended.err, message)
    t.match(ended.err, /^blindsight: [^\n]+\n$/)
  }
  rmSync(join(bundle.dir, 'decoder'), { recursive: true })
  const boxed = await run(['decode', file(1), '--out', out, '--bundles', bundles])
  t.equal(boxed.code, 3)
  t.match(boxed.err, /^blindsight: .*decoder\.onnx: cannot be read.*\n$/)
  t.notOk(existsSync(mp4))
  t.notOk(existsSync(out))
})

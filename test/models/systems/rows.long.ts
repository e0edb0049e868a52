/**
 * The paper's systems, each kind of run once and for a few steps on made data: trained on one another, exported, opened; and what is
 * wrong with data or configuration named.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encode } from 'fast-png'
import t from 'tap'
import { openBundle } from '../../../contract/bundle.js'
import { root, warmPython } from '../python.js'

t.test('rows 1 to 5', async (t) => {
  const dir = t.testdir()
  const data = join(dir, 'data')
  const out = join(dir, 'run')
  const run = warmPython(t)
  /** The row with few and small pictures in a step, and the shallowest cResNet: the program is tested, not what it learns. */
  const config = (row: number) => {
    const file = join(dir, `row-${row}.toml`)
    const text = readFileSync(join(root, `models/configs/row-${row}.toml`), 'utf8')
    const small = text.replace(/batch = \d+/g, 'batch = 4').replace(/crop = 256/g, 'crop = 128')
    writeFileSync(file, small.replace(/depth = 51/g, 'depth = 39'))
    return file
  }
  const train = (configuration: string, name: string, ...more: string[]) => {
    const settings = ['--config', configuration, '--data', data, '--out', out, '--limit', '6', '--steps', '2']
    return run('models/train.py', name, ...settings, ...more)
  }
  const report = (name: string) => JSON.parse(readFileSync(join(out, `${name}.json`), 'utf8'))
  const trained = async (configuration: string, name: string) => {
    const { status, stderr } = await train(configuration, name)
    t.equal(status, 0, `${name} ${stderr}`)
    return report(name)
  }
  t.equal((await run('test/models/tiny_data.py', data)).status, 0)

  t.match(
    await train(config(2), 'c51-0.0983'),
    { status: 1, stderr: /^train\.py: .*ae-0\.0983\.final\.pt is missing; train ae-0\.0983 first/m },
    'runs out of order',
  )
  await trained(config(1), 'ae-0.330')
  const codec = await trained(config(1), 'ae-0.0983')
  t.match(codec, { row: 1, codec: { 'camvid/test': { images: 3 } } })
  t.ok(codec.codec['camvid/test'].bpp >= codec.codec['camvid/test'].bpp_per_channel, 'one histogram costs no less')
  t.match((await trained(config(2), 'c51-0.0983')).classify, { images: 12, top5: Number })
  t.match(report('c51-0.0983'), { upstream: { 'ae-0.0983': codec.made }, limit: 6 }, 'says what it stands on')
  const first = report('c51-0.0983').made
  for (const end of ['pt', 'final.pt', 'json']) rmSync(join(out, `c51-0.0983.${end}`))
  t.equal((await trained(config(2), 'c51-0.0983')).made, first, 'the same seeds give the same weights')
  t.not((await trained(config(2), 'c51-0.0983-seed2')).made, first, 'another seed gives others')
  t.match((await trained(config(3), 'r50-0.0983')).classify, { images: 12 })
  t.match((await trained(config(4), 'seg-c51-0.0983')).segment, { images: 3, iou: { sky: Number } })
  t.match((await trained(config(4), 'seg-r50-0.0983')).segment, { images: 3 })
  t.match(await trained(config(5), 'joint-0.0983'), { codec: { 'camvid/test': {} }, classify: { images: 12 } })
  const alone = await trained(config(5), 'alone-0.0983')
  t.match(alone, { codec: { 'camvid/test': {} } })
  t.notOk(alone.classify, 'a codec trained on alone has no network')
  t.match((await trained(config(5), 'seg-joint-0.0983')).segment, { images: 3 })
  t.match((await train(config(2), 'c51-0.0983')).stdout, /finished before/, 'not trained twice')

  const distilled = join(dir, 'distilled.toml')
  const text = readFileSync(config(2), 'utf8')
  const own = (name: string, lines: string) =>
    `${text.slice(0, text.indexOf('[[runs]]'))}[[runs]]\nname = "${name}"\nsource = "latent:ae-0.0983"\ndepth = 39\n${lines}\n`
  writeFileSync(distilled, own('taught', 'teacher = "r50-0.0983"\nteacher_share = 0.5\ntemperature = 2.0'))
  await trained(distilled, 'taught')
  writeFileSync(distilled, own('taught', 'teacher = "r50-0.0983"\nteacher_share = 0.9\ntemperature = 2.0'))
  t.match(await train(distilled, 'taught'), { status: 1, stderr: /taught\.pt is of another configuration/ })

  const voc = join(dir, 'voc.toml')
  const rows = readFileSync(config(4), 'utf8').replace('"camvid"', '"VOC2012"').replace('"test"', '"val"')
  writeFileSync(voc, rows.replace('seg-c51-0.0983', 'voc'))
  t.match((await trained(voc, 'voc')).segment, { images: 1, iou: { background: Number, tvmonitor: Number } })

  const exported = (...systems: string[]) =>
    run(
      'models/export.py',
      '--id',
      'paper',
      '--data',
      data,
      '--runs',
      out,
      '--out',
      join(dir, 'b'),
      '--systems',
      ...systems,
    )
  t.match(await exported('ae-0.330', 'c51-0.0983', 'seg-c51-0.0983'), {
    status: 1,
    stderr: /was trained on latent:ae-0\.0983/,
  })
  for (const systems of [
    ['ae-0.0983', 'c51-0.0983', 'seg-c51-0.0983'],
    ['joint-0.0983', 'joint-0.0983', 'seg-joint-0.0983'],
  ]) {
    const { status, stderr } = await exported(...systems)
    t.equal(status, 0, stderr)
    t.match(openBundle(join(dir, 'b', 'paper')).manifest, {
      latent: { channels: 8 },
      classes: { classify: { length: 4 } },
    })
  }

  const longer = await train(config(2), 'c51-0.0983-seed2', '--steps', '4')
  t.match(longer, { status: 0, stdout: /goes on from step 2[\s\S]*4 steps in/ }, longer.stderr)
  const before = report('ae-0.0983').made
  t.match((await train(config(1), 'ae-0.0983', '--steps', '3')).stdout, /goes on from step 2/)
  t.not(report('ae-0.0983').made, before)
  const other = await train(config(2), 'c51-0.0983')
  t.match(other, { status: 1, stderr: /c51-0\.0983\.pt is of another configuration/ }, 'its codec was trained on')
  t.match(
    await exported('ae-0.0983', 'c51-0.0983', 'seg-c51-0.0983'),
    { status: 1, stderr: /c51-0\.0983 was trained on another ae-0\.0983/ },
    'a bundle does not mix codecs',
  )

  t.match(await train(config(4), 'seg-r50-0.330'), {
    status: 1,
    stderr: /r50-0\.330\.final\.pt is missing; train r50-0\.330 first/,
  })
  await trained(config(3), 'r50-0.330')
  const mask = join(data, 'camvid/train/masks/0.png')
  writeFileSync(mask, encode({ width: 480, height: 360, channels: 1, data: new Uint8Array(480 * 360).fill(77) }))
  t.match(await train(config(4), 'seg-r50-0.330'), {
    status: 1,
    stderr: /masks\/0\.png: unknown class ids \[77\]; known are 0 to 10 and 11/,
  })
  writeFileSync(join(data, 'imagenet20-160/train/n01440764/0.png'), 'no picture')
  t.match(await train(config(3), 'r50-original'), { status: 1, stderr: /n01440764\/0\.png: not a readable picture/ })
  t.equal((await train(config(3), 'r50-original', '--skip-corrupt')).status, 0)
  t.match(
    await train(config(3), 'r50-original', '--steps', '3'),
    { status: 1, stderr: /broken pictures were left out of .*--skip-corrupt/ },
    'what was left out once is not left out unasked later',
  )
  t.match(report('r50-original'), { left_out: 1, val_left_out: 0 })
  rmSync(join(data, 'imagenet20-160/val/n03028079'), { recursive: true })
  t.match(await train(config(3), 'r71-original', '--skip-corrupt'), {
    status: 1,
    stderr: /val: its classes are not those that were trained: n03028079/,
  })
  rmSync(join(data, 'imagenet20-160/val'), { recursive: true })
  rmSync(join(out, 'cache'), { recursive: true })
  t.match(await train(config(3), 'r71-original', '--skip-corrupt'), {
    status: 1,
    stderr: /^train\.py: .*val: expected one folder per class/m,
  })
})

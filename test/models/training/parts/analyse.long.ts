/** The field network from labels to figures: views of made data, a few steps of training, scores; and what is wrong with the data named. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openBundle } from '../../../../contract/bundle.js'
import { root, warmPython } from '../../python.js'

t.test('views, training, figures', async (t) => {
  const dir = t.testdir()
  const data = join(dir, 'data')
  const out = join(dir, 'run')
  const run = warmPython(t)
  t.equal((await run('test/models/tiny_field.py', data)).status, 0)
  /** The profile with batches of four. */
  const config = join(dir, 'field.toml')
  const text = readFileSync(join(root, 'models/configs/field-1.toml'), 'utf8')
  writeFileSync(config, text.replaceAll(/batch = \d+/g, 'batch = 4'))

  const shards = (folder: string, first: number, count: number) => {
    const which = ['--first', String(first), '--count', String(count), '--views', '8']
    return run('models/shards.py', '--data', data, '--out', join(dir, folder), ...which)
  }
  const train = (part: string, steps: number) => {
    const settings = ['--config', config, '--data', data, '--out', out, '--steps', String(steps), '--limit', '4']
    return run('models/train.py', part, ...settings)
  }

  t.match(await train('analyse', 2), { status: 1, stderr: /^train\.py: .*holds no shards; make them first/m })
  const made = await shards('run/shards', 0, 2)
  t.match(made, { status: 0, stdout: /shard 1: .*'person': [1-9]/ }, made.stderr)
  t.notMatch((await shards('run/shards', 0, 2)).stdout, /shard/, 'what is there is not made again')
  t.equal((await shards('again', 1, 1)).status, 0)
  t.ok(
    readFileSync(join(out, 'shards/0001.npz')).equals(readFileSync(join(dir, 'again/0001.npz'))),
    'a shard depends on its number alone',
  )

  const trained = await train('analyse', 2)
  t.equal(trained.status, 0, trained.stderr)
  const resumed = await train('analyse', 3)
  t.match(resumed, { status: 0, stdout: /goes on from step 2\n/ }, resumed.stderr)
  const report = JSON.parse(readFileSync(join(out, 'analyse.json'), 'utf8'))
  t.match(report, {
    steps: 3,
    upstream: { bundle: 'lean-5' },
    map: Number,
    miou: Number,
    iou: { 'two-wheeler': Number },
  })
  t.ok(report.map > 0 && report.map <= 1)

  const further = await train('analyse-again', 1)
  t.equal(further.status, 0, further.stderr)

  const released = await train('analyse-above', 1)
  t.match(released, { status: 0, stdout: /: field-1 is .*field-1\/analyse\.onnx\n/ }, released.stderr)
  const between = await train('analyse-between', 1)
  t.match(between, { status: 0, stdout: /"part": "analyse-between".*"map": / }, between.stderr)

  const clips = join(data, 'clips')
  const bundle = join(dir, 'bundles/tiny')
  const checkpoint = (name: string) => ['--checkpoint', join(out, name), '--out', join(dir, 'bundles')]
  const exported = (name: string) => run('models/export_field.py', '--id', 'tiny', '--data', data, ...checkpoint(name))
  t.match(await exported('nothing.pt'), { status: 1, stderr: /^export_field\.py: .*nothing\.pt is missing/m })
  t.notOk(existsSync(bundle), 'nothing half made')
  const written = await exported('analyse.pt')
  t.match(written, { status: 0, stdout: /tiny: 18\.\d MB/ }, written.stderr)
  t.equal(openBundle(bundle).manifest.analyse!.tags.thresholds.person!.enter, 0.5)

  const score = () => run('models/score.py', '--bundle', bundle, '--data', data, '--clips', clips, '--write')
  const { status, stdout, stderr } = await score()
  t.equal(status, 0, stderr)
  t.match(stdout, /yard +person +there 0\.67 n {3}3/)
  t.match(stdout, /yard +car +there 0\.00 n {3}2/, 'unsure half seconds are not counted')
  const { analyse, metrics } = openBundle(bundle).manifest
  t.match(metrics, { analyse: { 'field/val': { map: Number }, thresholds: { person: { clips_f1: Number } } } })
  const chosen = (metrics.analyse as { thresholds: { person: { enter: number } } }).thresholds.person.enter
  t.equal(analyse!.tags.thresholds.person!.enter, chosen)
  rmSync(join(clips, 'yard.mp4'))
  t.match(await score(), { status: 1, stderr: /^score\.py: .*yard\.json: its clip yard\.mp4 is in none of/m })

  const [held] = JSON.parse(readFileSync(join(data, 'field/labels.json'), 'utf8')).filter(
    ({ split }: { split: string }) => split === 'val',
  )
  writeFileSync(join(data, held.file), 'no picture')
  t.match(
    await train('analyse', 4),
    { status: 1, stderr: /^train\.py: .*: not a readable picture/m },
    'broken validation picture: named before training',
  )
  rmSync(join(data, 'field/labels.json'))
  t.match(await shards('others', 0, 1), { status: 1, stderr: /^shards\.py: .*labels\.json: no such file; unpack/m })
})

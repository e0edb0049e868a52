/**
 * The training program, end to end, a few steps of each part on a dozen pictures: every part is trained, one part is killed
 * and resumed, the bundle is exported (which compares ONNX Runtime with PyTorch) and opened from TypeScript.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { graphPath, openBundle } from '../../contract/bundle.js'
import { python, root, warmPython } from './python.js'

t.test('trains, resumes, exports', async (t) => {
  const dir = t.testdir()
  const data = join(dir, 'data')
  const run = warmPython(t)
  /** The profile with few and small pictures in a step: what is tested is the program, and a step of it is as good as a thousand. */
  const profileOf = (name: string) => {
    const file = join(dir, `${name}.toml`)
    const text = readFileSync(join(root, `models/configs/${name}.toml`), 'utf8')
    writeFileSync(file, text.replace(/batch = \d+/g, 'batch = 4').replace(/crop = 2\d\d/g, 'crop = 128'))
    return file
  }
  const lean = profileOf('lean')
  const train = (part: string, steps: number, ...more: string[]) => {
    const settings = ['--config', lean, '--data', data, '--out', join(dir, 'run'), '--limit', '6']
    return run('models/train.py', part, ...settings, '--steps', String(steps), ...more)
  }

  t.equal(
    (await run('test/models/tiny_data.py', data)).status,
    0,
    'data made (needs python3 with numpy and pillow: sh .ci/setup --tests)',
  )

  t.match(
    await train('classify', 2),
    { status: 1, stderr: /^train\.py: .*train the autoencoder first/m },
    'parts out of order: named error',
  )

  await killAfterFirstCheckpoint(join(dir, 'run', 'autoencoder.pt'))
  const resumed = await train('autoencoder', 4)
  t.equal(resumed.status, 0, resumed.stderr)
  t.match(resumed.stdout, /goes on from step 2\n/)
  t.match(resumed.stdout, /min left/, 'shows the time left')
  for (const part of ['classify', 'pretrain', 'segment']) {
    const { status, stderr } = await train(part, 2)
    t.equal(status, 0, `${part} ${stderr}`)
  }
  const report = JSON.parse(readFileSync(join(dir, 'run', 'segment.json'), 'utf8'))
  t.type(report['camvid/test'].miou, 'number')

  const exported = await run(
    'models/export.py',
    '--config',
    lean,
    '--id',
    'tiny',
    '--data',
    data,
    '--runs',
    join(dir, 'run'),
    '--out',
    join(dir, 'bundles'),
  )
  t.equal(exported.status, 0, exported.stderr)
  const bundle = openBundle(join(dir, 'bundles', 'tiny'))
  t.equal(bundle.manifest.latent.channels, 16)
  for (const name of ['encoder', 'classify', 'segment', 'decoder'] as const) t.ok(existsSync(graphPath(bundle, name)))

  const profile = (name: string) => ['--config', profileOf(name), '--data', data]
  const joined = (name: string, part: string) =>
    run('models/train.py', part, ...profile(name), '--out', join(dir, name), '--limit', '6', '--steps', '2')
  t.match(await joined('lean-2', 'joint'), { status: 1, stderr: /^train\.py: .*lean\/autoencoder\.pt is missing/m })
  renameSync(join(dir, 'run'), join(dir, 'lean'))
  for (const [name, part] of [
    ['lean-2', 'joint'],
    ['lean-3', 'joint'],
    ['lean-3', 'segment'],
    ['lean-3', 'decoder'],
    ['lean-4', 'joint'],
    ['lean-4', 'classify'],
    ['lean-4', 'classify-again'],
    ['lean-5', 'segment'],
    ['lean-5', 'classify'],
    ['lean-5', 'classify-mean'],
  ] as const) {
    const { status, stderr } = await joined(name, part)
    t.equal(status, 0, `${name} ${part} ${stderr}`)
  }
  const reported = (part: string) => JSON.parse(readFileSync(join(dir, 'lean-3', `${part}.json`), 'utf8'))
  t.match(reported('joint'), { classify: {}, codec: {}, 'camvid/test': {} })
  t.match(reported('decoder'), { 'camvid/test': {} })
  const asBundle = async (name: string, ...more: string[]) => {
    const from = [...profile(name), '--runs', join(dir, name), '--out', join(dir, 'bundles'), ...more]
    const { status, stderr } = await run('models/export.py', '--id', name, ...from)
    t.equal(status, 0, `${name} ${stderr}`)
    return openBundle(join(dir, 'bundles', name))
  }
  const joinedBundle = await asBundle('lean-4')
  t.match(joinedBundle.manifest, {
    classes: { classify: { length: 4 } },
    metrics: { classify: { part: 'classify-again' } },
  })
  const newHeads = await asBundle('lean-5', '--replaces', joinedBundle.dir)
  t.strictSame(newHeads.manifest.replaces, [joinedBundle.sha256], 'its records are those of the bundle before')
  for (const name of ['encoder', 'decoder'] as const)
    t.strictSame(readFileSync(graphPath(newHeads, name)), readFileSync(graphPath(joinedBundle, name)), name)
  t.notMatch(
    newHeads.manifest,
    { metrics: { segment: { 'camvid/val': {} } } },
    'val was trained on: it is not reported',
  )
  const others = ['--config', profileOf('lean-5'), '--data', data, '--runs', join(dir, 'lean-5')]
  const unlike = ['--id', 'unlike', '--out', join(dir, 'bundles'), '--replaces', bundle.dir]
  t.match(await run('models/export.py', ...others, ...unlike), {
    status: 1,
    stderr: /^export\.py: .*tiny has other tables/m,
  })
  renameSync(join(dir, 'lean'), join(dir, 'run'))

  const released = join(dir, 'released.toml')
  const lean2 = readFileSync(profileOf('lean-2'), 'utf8')
  const start = (text: string) => {
    writeFileSync(released, text)
    const settings = ['--config', released, '--data', data, '--out', join(dir, 'released'), '--limit', '6']
    return run('models/train.py', 'joint', ...settings, '--steps', '2')
  }
  const broken = join(data, 'imagenet20-160/val/n01440764/0.png')
  const whole = readFileSync(broken)
  const fromBundle = lean2.replace('start = "lean"', 'start = "lean-1"')
  t.match(await start(fromBundle.replace('segment_width = 0.25', 'segment_width = 0.125')), {
    status: 1,
    stderr: /^train\.py: .*segment\.onnx does not fit the configuration/m,
  })
  writeFileSync(broken, whole.subarray(0, 100))
  t.match(
    await start(fromBundle),
    { status: 1, stderr: /^train\.py: .*n01440764\/0\.png: not a readable picture.*--skip-corrupt/m },
    'broken validation picture: named before training',
  )
  writeFileSync(broken, whole)
  const folder = join(data, 'imagenet20-160/val/n01440764')
  renameSync(folder, join(dir, 'away'))
  t.match(
    await start(fromBundle),
    { status: 1, stderr: /^train\.py: .*val: its classes are not those that were trained: n01440764/m },
    'validation classes: compared before training',
  )
  renameSync(join(dir, 'away'), folder)
  const began = await start(fromBundle)
  t.match(began, { status: 0, stdout: /starts from .*bundles\/lean-1/ }, began.stderr)

  const picture = join(data, 'camvid/train/images/0.png')
  writeFileSync(picture, 'no picture')
  t.match(
    await train('segment', 4),
    { status: 1, stderr: /^train\.py: .*0\.png: not a readable picture/m },
    'corrupt picture: named',
  )
  const without = await train('segment', 4, '--skip-corrupt')
  t.match(without, { status: 0, stdout: /left out: .*0\.png/ }, without.stderr)
  t.match(JSON.parse(readFileSync(join(dir, 'run/segment.json'), 'utf8')), { left_out: 1 }, 'left out and counted')
  rmSync(join(data, 'photos-256'), { recursive: true })
  t.match(
    await train('autoencoder', 6),
    { status: 1, stderr: /^train\.py: .*photos-256: no such folder/m },
    'missing folder: named',
  )

  /** Two steps, whose end stands in for a minute's checkpoint; then a second run, killed as soon as it has made a step. */
  async function killAfterFirstCheckpoint(checkpoint: string): Promise<void> {
    mkdirSync(join(dir, 'run'), { recursive: true })
    t.equal((await train('autoencoder', 2)).status, 0)
    t.ok(existsSync(checkpoint))
    const before = readFileSync(checkpoint)
    const settings = ['--config', lean, '--data', data, '--out', join(dir, 'run'), '--limit', '6', '--steps', '1000000']
    const child = spawn(python, ['models/train.py', 'autoencoder', ...settings], { cwd: root })
    await new Promise<void>((resolve) => child.stdout.on('data', (text) => /step \d+/.test(String(text)) && resolve()))
    child.kill('SIGKILL')
    await new Promise((resolve) => child.once('exit', resolve))
    t.ok(readFileSync(checkpoint).equals(before), 'a killed run leaves the last checkpoint whole')
  }
})

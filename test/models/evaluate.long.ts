/** `blindsight eval` and models/evaluate.py give the same figures for the same pictures, and name the file that is wrong. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encode } from 'fast-png'
import t from 'tap'
import { bundleDir } from '../../agent/bundles.js'
import { openBundle } from '../../contract/bundle.js'
import { python, root } from './python.js'

const bundle = openBundle(bundleDir('lean-5'))

const run = (command: string, ...args: string[]) => spawnSync(command, args, { cwd: root, encoding: 'utf8' })
const evaluated = (data: string, ...more: string[]) =>
  run(process.execPath, 'dist/cli/main.js', 'eval', '--bundle', 'lean-5', '--data', data, '--threads', '2', ...more)

/** Pictures of tiny_data.py in the layouts that are evaluated, six of them. */
function dataIn(dir: string): string {
  const made = join(dir, 'made')
  const { status, stderr } = run(python, 'test/models/tiny_data.py', made)
  if (status !== 0) throw new Error(stderr)
  const data = join(dir, 'data')
  for (const split of ['train', 'test']) {
    mkdirSync(join(data, 'streets'), { recursive: true })
    renameSync(join(made, 'camvid', split), join(data, 'streets', split))
  }
  const pictures = readdirSync(join(data, 'streets/test/images'))
  bundle.manifest.classes.classify.slice(0, 3).forEach(({ id }, i) => {
    const folder = join(data, 'things/val', id)
    mkdirSync(folder, { recursive: true })
    for (const file of pictures.slice(i, i + 2))
      copyFileSync(join(data, 'streets/test/images', file), join(folder, file))
  })
  return data
}

t.test('TypeScript from bitstreams and Python from symbols agree', async (t) => {
  const data = dataIn(t.testdir())
  const json = join(data, 'eval.json')
  const { status, stdout, stderr } = evaluated(data, '--crop', '64', '--json', json)
  t.equal(status, 0, stderr)
  t.match(stderr, /miou/, 'a table')
  const { sets } = JSON.parse(stdout)
  t.strictSame(JSON.parse(readFileSync(json, 'utf8')).sets, sets)
  t.strictSame(Object.keys(sets), ['streets/test', 'things/val'], 'no training data')
  for (const [name, set] of Object.entries<Record<string, number>>(sets)) {
    const other = run(python, 'models/evaluate.py', '--bundle', bundle.dir, '--data', join(data, name), '--crop', '64')
    t.equal(other.status, 0, other.stderr)
    const figures: Record<string, number | Record<string, number>> = JSON.parse(other.stdout)
    for (const [key, value] of Object.entries(figures)) {
      if (typeof value === 'object') t.strictSame(set[key], value, `${name} ${key}`)
      else if (key === 'bpp_tables') continue
      else t.ok(Math.abs(set[key]! - value) < 2e-3, `${name} ${key}: ${set[key]} and ${value}`)
    }
    t.ok(set.bpp! > 0 && set.bpp_record! > set.bpp!, 'what was written, with and without the container')
  }
})

t.test('bad data: the file is named, or skipped and counted if told so', async (t) => {
  const data = dataIn(t.testdir())
  const [picture] = readdirSync(join(data, 'streets/test/images')).sort()
  writeFileSync(join(data, 'streets/test/images', picture!), 'no picture')
  t.match(evaluated(data), { status: 3, stderr: new RegExp(`images/${picture}: not a readable picture`) })
  const { sets } = JSON.parse(evaluated(data, '--skip-corrupt', '--crop', '64').stdout)
  t.match(sets['streets/test'], { skipped: 1 })

  const mask = join(data, 'streets/test/masks', picture!)
  copyFileSync(
    join(data, 'streets/train/images', readdirSync(join(data, 'streets/train/images'))[0]!),
    join(data, 'streets/test/images', picture!),
  )
  writeFileSync(mask, encode({ width: 480, height: 360, channels: 1, data: new Uint8Array(480 * 360).fill(77) }))
  t.match(evaluated(data), { status: 3, stderr: /masks\/.*: class id 77 at 0,0; known are 0 to 10, and 11 for void/ })
  writeFileSync(mask, encode({ width: 500, height: 360, channels: 1, data: new Uint8Array(500 * 360) }))
  t.match(evaluated(data), { status: 3, stderr: /masks\/.*: expected 8-bit class ids, 480x360 as the picture/ })
  rmSync(mask)
  t.match(evaluated(data), { status: 3, stderr: /masks\/.*: the mask of this picture is missing/ })
  const without = JSON.parse(evaluated(data, '--skip-corrupt', '--crop', '64').stdout)
  t.match(without.sets['streets/test'], { skipped: 1 }, 'a picture without a mask is skipped, too, if told so')
  t.match(evaluated(data, '--json', join(data, 'nowhere', 'eval.json')), {
    status: 3,
    stderr: /--json .*: no such folder/,
  })
  t.match(evaluated('/nowhere'), { status: 3, stderr: /--data \/nowhere: no such folder/ })
  t.match(evaluated(t.testdirName), { status: 3 })
  t.match(evaluated(data, '--crop', '50'), { status: 3, stderr: /--crop 50: expected a multiple of 16/ })
})

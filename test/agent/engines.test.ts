import { chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { bundleDir, DEFAULT_BUNDLE } from '../../agent/bundles.js'
import { parseConfig } from '../../agent/config/load.js'
import { enginesDir, giveEngines, workerSetup } from '../../agent/engines.js'
import { openBundle } from '../../contract/bundle.js'

t.test('what the cameras need, each graph and size once; one that is switched off needs nothing', async (t) => {
  const camera = (id: string, more: object = {}) => ({ id, source: '/dev/video0', ...more })
  const cameras = [
    camera('a', { heads: [] }),
    camera('b'),
    camera('c', { width: 64, height: 48 }),
    camera('d', { width: 96, height: 64, enabled: false }),
  ]
  const config = parseConfig(JSON.stringify({ device: 'box', stateDir: '/tmp/box', threads: 3, cameras }), 'box.yaml')
  const bundle = openBundle(bundleDir(DEFAULT_BUNDLE))
  t.strictSame(workerSetup(config, bundle), {
    bundle,
    providers: ['tensorrt', 'cuda', 'cpu'],
    threads: 3,
    precision: 'auto',
    heads: ['analyse'],
    sizes: [
      { width: 448, height: 256 },
      { width: 64, height: 48 },
    ],
    framesPerSecond: 30,
    writable: '/tmp/box',
  })
  const file = parseConfig(
    JSON.stringify({ stateDir: '/tmp/box', cameras: [camera('a', { source: 'x.mp4', pace: 'fast' })] }),
    'box.yaml',
  )
  t.equal(workerSetup(file, bundle).framesPerSecond, Number.POSITIVE_INFINITY, 'as fast as it goes')
})

t.test('what root has built belongs to the owner of the state directory', async (t) => {
  const stateDir = join(t.testdir(), 'state')
  giveEngines(stateDir) // there is none
  const dir = enginesDir(stateDir)
  mkdirSync(join(dir, 'deep'), { recursive: true })
  const files = ['a.engine', join('deep', 'b.timing')].map((name) => join(dir, name))
  for (const file of files) writeFileSync(file, '')
  const root = process.getuid?.() === 0
  if (root) chownSync(stateDir, 4711, 4712)
  giveEngines(stateDir)
  const { uid, gid } = statSync(stateDir)
  for (const path of [dir, join(dir, 'deep'), ...files]) t.match(statSync(path), { uid, gid }, path)
  t.equal(uid === 4711, root)
})

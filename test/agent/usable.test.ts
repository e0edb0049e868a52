import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { bundleDir, DEFAULT_BUNDLE } from '../../agent/bundles.js'
import { examine, examineText } from '../../agent/config/load.js'
import { usable } from '../../agent/usable.js'
import { BundleError } from '../../contract/bundle.js'

const camera = 'cameras:\n  - id: a\n    source: x.mp4\n'

async function faults(text: string): Promise<string[]> {
  try {
    await usable(examineText(text, 'box.yaml'))
  } catch (error) {
    t.match(error, { name: 'AgentError', code: 'config', exitCode: 78 })
    return (error as Error).message.split('\n')
  }
  return []
}

t.test('one that is right', async (t) => {
  const { config, bundle } = await usable(examineText(camera, 'box.yaml'))
  t.equal(bundle.manifest.id, DEFAULT_BUNDLE)
  t.equal(config.cameras.length, 1)
})

t.test('the file, its bundle and this box in one go', async (t) => {
  const said = await faults(`stateDir: ${import.meta.filename}
providers: [tensorrt]
mqtt:
  passwordFile: /no/such/password
${camera}    zones:
      - {name: gate, polygon: [[0, 0], [1, 1]]}
  - id: b
    source: x.mp4
    fps: fast
    events: [{class: car, zone: nowhere}]
  - id: a
    source: x.mp4
`)
  t.match(said.join('\n'), /^box\.yaml:1: stateDir: .*is a file/m)
  t.match(said.join('\n'), /^box\.yaml:4: mqtt\.passwordFile: .*does not exist/m)
  t.match(said.join('\n'), /^box\.yaml:2: providers: tensorrt: not offered/m)
  t.match(
    said.join('\n'),
    /^box\.yaml:9: cameras\.0\.zones\.0\.polygon: .*at least three|^box\.yaml:9: cameras\.0\.zones/m,
  )
  t.match(said.join('\n'), /^box\.yaml:12: cameras\.1\.fps/m)
  t.match(said.join('\n'), /^box\.yaml:14: camera id 'a' is used twice/m)
  t.notMatch(said.join('\n'), 'nowhere', 'of a camera with a fault in it no more is looked at')
})

t.test('what the bundle would be is not guessed at', async (t) => {
  const said = await faults(`bundle: 7\n${camera}    events: [{class: no_such}]\n`)
  t.equal(said.length, 1, said.join('\n'))
})

t.test('a damaged bundle alone is no fault of the configuration; beside one it is said too', async (t) => {
  const dir = join(t.testdir(), 'bundle')
  cpSync(bundleDir(DEFAULT_BUNDLE), dir, { recursive: true, filter: (file) => !/decoder/.test(file) })
  rmSync(join(dir, 'entropy.json'))
  await t.rejects(usable(examineText(`bundle: ${dir}\n${camera}`, 'box.yaml')), BundleError)
  const said = await faults(`bundle: ${dir}\n${camera}    fps: fast\n`)
  t.match(said, [/fps/, /entropy\.json/])
  t.match(await faults(`bundle: ${dir}\n${camera}stateDir: ${import.meta.filename}\n`), [/bundle/, /stateDir/])
})

t.test('nothing to go on with', async (t) => {
  t.equal((await faults('a: [\n')).length, 1)
  const file = join(t.testdir(), 'box.yaml')
  await t.rejects(usable(examine(file)), {
    exitCode: 78,
    message: `${file}: does not exist (no such file or directory)`,
  })
  writeFileSync(file, camera)
  await usable(examine(file))
})

import { mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import t from 'tap'
import { bundleSettings } from '../../../agent/config/bundle-settings.js'
import { loadConfig } from '../../../agent/config/load.js'
import { folderOf } from '../../../agent/config/paths.js'

t.test(
  'every relative path goes by the folder of the configuration, whoever reads it and however it is called',
  async (t) => {
    const dir = t.testdir({ user: 'admin\n', secrets: { password: 'p' }, mqtt: 'of the broker' })
    const file = join(dir, 'box.yaml')
    process.env.CLIP_OF_PATHS_TEST = 'clip'
    t.teardown(() => delete process.env.CLIP_OF_PATHS_TEST)
    writeFileSync(
      file,
      `stateDir: ./state
bundle: ./networks/one
cameras:
  - {id: a, source: rtsp://cam/1, usernameFile: user, passwordFile: secrets/password}
  - {id: b, source: clips/one.mp4}
  - {id: c, source: "\${CLIP_OF_PATHS_TEST}.mp4"}
  - {id: d, source: /dev/video0}
  - {id: e, source: "gst:videotestsrc"}
  - {id: f, source: "file:///one.mp4"}
mqtt: {url: mqtt://broker, username: u, passwordFile: ./mqtt}
`,
    )
    const wanted = {
      stateDir: join(dir, 'state'),
      bundle: join(dir, 'networks/one'),
      mqtt: { password: 'of the broker', passwordFile: join(dir, 'mqtt') },
    }
    for (const path of [file, relative('.', file)]) {
      const config = loadConfig(path)
      t.match(config, wanted)
      t.strictSame(
        config.cameras.map(({ source }) => source),
        [
          'rtsp://admin:p@cam/1',
          join(dir, 'clips/one.mp4'),
          join(dir, 'clip.mp4'),
          '/dev/video0',
          'gst:videotestsrc',
          'file:///one.mp4',
        ],
      )
      t.match(bundleSettings(path), { stateDir: wanted.stateDir, named: { bundle: wanted.bundle } })
    }
  },
)

t.test('what is not there is named by its whole path; a file with a colon in it is found', async (t) => {
  const dir = t.testdir({ 'a:b.mp4': '' })
  const file = join(dir, 'box.yaml')
  mkdirSync(join(dir, 'keys'))
  writeFileSync(
    file,
    'cameras:\n  - {id: a, source: "a:b.mp4", passwordFile: none}\nmqtt: {caFile: ca.pem}\nbundles: {publicKey: keys}\n',
  )
  const message = (read: () => unknown) => {
    try {
      read()
      return ''
    } catch (error) {
      return (error as Error).message
    }
  }
  const said = message(() => loadConfig(file))
  t.match(said, `mqtt.caFile: ${join(dir, 'ca.pem')} does not exist`)
  t.match(said, `cameras.0.passwordFile: ${join(dir, 'none')} does not exist`)
  t.match(said, `bundles.publicKey: ${join(dir, 'keys')} is a folder`)
  t.notMatch(said, /cameras\.0\.source/)
  t.match(
    message(() => bundleSettings(file)),
    `bundles.publicKey: ${join(dir, 'keys')} is a folder`,
  )
})

t.test('of a bundle, a name is none, and of a key neither is the key', async (t) => {
  const file = join(t.testdir(), 'box.yaml')
  const publicKey = Buffer.alloc(32, 7).toString('base64')
  writeFileSync(file, `cameras: [{id: a, source: x.mp4}]\nbundle: field-1\nbundles: {publicKey: ${publicKey}}\n`)
  t.match(loadConfig(file), { bundle: 'field-1', bundles: { publicKey } })
})

t.test('a pipe lies in no folder', async (t) => {
  t.equal(folderOf('/dev/fd/63'), process.cwd())
  t.equal(folderOf('/etc/blindsight/config.yaml'), '/etc/blindsight')
  t.equal(folderOf('box.yaml'), process.cwd())
})

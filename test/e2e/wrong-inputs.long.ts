/** Whatever is wrong: what and where, the documented exit code or state, and no stack trace. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { Topics } from '../../contract/topics.js'
import { Mosquitto } from '../client/mosquitto.js'
import { tool } from '../tool.js'
import { blindsight, type Ended, Program } from './program.js'
import { bundleDir, camera, clip, committed, configFile, device, height, outboxRows, width } from './setting.js'
import { Subscriber } from './subscriber.js'
import { until } from './until.js'

const topics = new Topics('blindsight', device)
const trace = /^\s+at /m

function says(t: Test, ended: Ended, code: number, ...words: (string | RegExp)[]) {
  t.equal(ended.code, code, ended.err)
  for (const word of words) t.match(ended.err, word)
  t.notMatch(ended.err + ended.out, trace, 'no stack trace')
}

t.test('the configuration', async (t) => {
  const file = join(t.testdir(), 'config.yaml')
  const texts: [string, string, RegExp][] = [
    [
      'an unknown key',
      'cameras:\n  - {id: a, source: x.mp4, width: 64, height: 64, fps: 5}\nbrokr: x\n',
      /:3: .*brokr/,
    ],
    ['an odd frame size', 'cameras:\n  - id: a\n    source: x.mp4\n    width: 450\n    height: 64\n', /:4: .*16/],
    ['a wrong type', 'cameras:\n  - id: a\n    source: x.mp4\n    width: wide\n    height: 64\n', /:4: .*width/],
    ['no YAML', 'cameras: [\n', /config\.yaml:\d+/],
    ['nothing', '', /cameras/],
  ]
  for (const [name, text, where] of texts) {
    writeFileSync(file, text)
    await t.test(name, async (t) => says(t, await blindsight(['check-config', '--config', file]), 78, file, where))
  }
  says(t, await blindsight(['run', '--config', file]), 78, file, /cameras/)
  says(t, await blindsight(['run', '--config', `${file}.no`]), 78, 'config.yaml.no', /no such file/i)
})

t.test('a corrupt bundle', async (t) => {
  const dir = t.testdir()
  const bundle = join(dir, 'bundle')
  cpSync(bundleDir, bundle, { recursive: true })
  const file = join(bundle, 'analyse.onnx')
  const bytes = readFileSync(file)
  bytes[1000]! ^= 1
  writeFileSync(file, bytes)
  const config = await configFile(dir, { top: { bundle } })
  says(t, await blindsight(['run', '--config', config]), 3, 'analyse.onnx', /sha-?256/i)
})

t.test('demo', async (t) => {
  const small = ['demo', '--frames', '3', '--json', '--size', '64x64']
  const text = join(t.testdir({ 'clip.mp4': 'a text' }), 'clip.mp4')
  says(t, await blindsight([...small, '--source', text]), 3, 'clip.mp4')
  says(t, await blindsight([...small, '--source', `${text}.no`]), 3, 'clip.mp4.no')
  says(t, await blindsight(['demo', '--frames', '3', '--size', '450x256']), 2, /16/)
  says(t, await blindsight(['demo', '--frames', 'many']), 2, /frames/)
  says(t, await blindsight(['dmo']), 2, /dmo/)
})

t.test('a camera that cannot be reached says so, and the other one goes on', async (t) => {
  const broker = await Mosquitto.start()
  t.teardown(() => broker.stop())
  const watcher = await Subscriber.start({ port: broker.port, version: '5', filters: ['blindsight/v1/#'] })
  t.teardown(() => watcher.stop())
  const dir = t.testdir({ 'no-video.mp4': 'a text' })
  const size = { width, height, fps: 5 }
  const cameras = [
    { id: camera, source: clip, ...size },
    { id: 'gone', source: 'rtsp://admin:s3cret@127.0.0.1:9/stream', ...size },
    { id: 'nofile', source: join(dir, 'absent.mp4'), ...size },
    { id: 'novideo', source: join(dir, 'no-video.mp4'), ...size },
    { id: 'nodevice', source: '/dev/video97', ...size },
  ]
  const agent = Program.start(['run', '--config', await configFile(dir, { broker: broker.url, top: { cameras } })])
  t.teardown(() => agent.kill())
  const reasons = { gone: /refused/i, nofile: /no such file/i, novideo: /invalid data/i, nodevice: /no such device/i }
  for (const [cam, reason] of Object.entries(reasons)) {
    const state = await until(`the state of ${cam}`, () =>
      watcher.json(topics.camState(cam)).find((m) => m.state === 'offline' && reason.test(String(m.reason))),
    ).catch(() => watcher.json(topics.camState(cam)).at(-1))
    t.match(state, { state: 'offline', reason })
  }
  const before = committed(dir).length
  await until('results of the good one', () => committed(dir).length > before + 5)
  const end = await agent.terminate()
  t.equal(end.code, 0)
  t.notMatch(end.err, trace)
  const published = watcher.messages.map(({ payload }) => payload.toString()).join('\n')
  for (const text of [end.err, published]) t.notMatch(text, 's3cret', "the camera's password stays on the box")
})

t.test('a broker that refuses the password, until it is set right there', async (t) => {
  const passwords = join(mkdtempSync(join(tmpdir(), 'blindsight-passwords-')), 'file')
  t.teardown(() => rmSync(dirname(passwords), { recursive: true, force: true }))
  const allow = (password: string) =>
    execFileSync(tool('mosquitto_passwd'), ['-c', '-b', passwords, 'gate', password], { stdio: 'pipe' })
  allow('right')
  const broker = await Mosquitto.start({ config: [`password_file ${passwords}`] })
  t.teardown(() => broker.stop())
  const login = ['--username', 'gate', '--password', 'wrong', '--broker', broker.url]
  says(t, await blindsight(['subscribe', ...login, '--timeout', '600']), 4, /refuse|authori[sz]ed/i)
  says(t, await blindsight(['subscribe', '--broker', 'mqtt://127.0.0.1:9', '--timeout', '5']), 4, /127\.0\.0\.1:9/)

  const dir = t.testdir()
  const mqtt = { username: 'gate', password: 'wrong' }
  const agent = Program.start(['run', '--config', await configFile(dir, { broker: broker.url, mqtt })])
  t.teardown(() => agent.kill())
  await until('the reason in the log', () => /not authori[sz]ed|bad user ?name or password/i.test(agent.err))
  await until('the archive goes on', () => committed(dir).length > 5)
  await broker.kill()
  allow('wrong')
  await broker.up()
  await until('the agent to get in, and empty its outbox', () => outboxRows(dir) < 5)
  const end = await agent.terminate()
  t.equal(end.code, 0)
  t.notMatch(end.err, trace)
})

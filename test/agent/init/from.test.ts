import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../../agent/config/load.js'
import { isHidden, takenOver } from '../../../agent/init/from.js'
import { init } from '../../../agent/init.js'

const street = join(process.cwd(), 'config', 'demo', 'street.mp4')

t.test(
  "what init without root has made becomes the service's: passwords beside it, no archive in a home",
  async (t) => {
    const dir = t.testdir({ home: {}, etc: {} })
    const from = join(dir, 'home', 'my.yaml')
    const out = join(dir, 'etc', 'blindsight', 'config.yaml')
    const log = t.capture(console, 'log')
    const said = () =>
      log()
        .flatMap(({ args }) => args)
        .join('\n')
    t.capture(console, 'error')
    const flags = { doctor: false, camera: [] as string[] }
    await init({
      ...{ ...flags, yes: true, out: from, stateDir: '/home/me/.local/state/blindsight' },
      camera: ['gate=rtsp://admin:se/cret@127.0.0.1:9/1', `street=${street}`],
      broker: 'mqtt://u:of-the-broker@127.0.0.1:9',
    })
    said()
    await init({ ...flags, from, out })

    const { cameras, mqtt, stateDir } = loadConfig(out)
    t.match(cameras, [{ source: 'rtsp://admin:se%2Fcret@127.0.0.1:9/1' }, { source: street }])
    t.match(mqtt, { username: 'u', password: 'of-the-broker' })
    t.equal(stateDir, '/var/lib/blindsight')
    const secret = join(dir, 'etc', 'blindsight', 'camera-gate-password')
    t.strictSame(readdirSync(join(dir, 'etc', 'blindsight')).sort(), [
      'camera-gate-password',
      'config.yaml',
      'mqtt-password',
    ])
    t.equal(statSync(secret).mode & 0o777, 0o640)
    const words = said()
    t.match(words, `passwordFile: ${join(dir, 'home', 'camera-gate-password')} is copied to ${secret}`)
    t.match(words, 'stateDir: /var/lib/blindsight, and not /home/me/.local/state/blindsight')
    t.notMatch(words, /cret|of-the-broker/)
    t.ok(existsSync(join(dir, 'home', 'camera-gate-password')), 'what was tried goes on working')

    await t.rejects(init({ ...flags, from, out }), { exitCode: 3, message: /is there already; .*--force/ })
    await t.rejects(init({ ...flags, from, out: `${out}.2`, device: 'x' }), { exitCode: 2, message: /--from/ })
    await t.rejects(init({ ...flags, from: join(dir, 'none.yaml'), out: `${out}.2` }), {
      exitCode: 78,
      message: /none\.yaml: does not exist/,
    })
    writeFileSync(from, 'cameras: [{id: a, source: rtsp://c/1, username: u, passwordFile: missing}]\n')
    await t.rejects(init({ ...flags, from, out: `${out}.2` }), {
      exitCode: 78,
      message: /my\.yaml:1: .*home\/missing does not exist/,
    })
    t.notOk(existsSync(`${out}.2`))
  },
)

t.test('an archive on a disk of its own stays there, and the unit has to be told', async (t) => {
  const of = (stateDir: string) => takenOver(`stateDir: ${stateDir}\n`, '/x/my.yaml', '/etc/blindsight/config.yaml')
  const { text, said } = of('/data/blindsight')
  t.equal(text, 'stateDir: /data/blindsight\n')
  t.match(said.join(), 'ReadWritePaths=/data/blindsight')
  t.strictSame(of('/var/lib/blindsight/one').said, [])
})

t.test('all else stays as somebody wrote it', async (t) => {
  const dir = t.testdir({ pw: 'a\n', other: { pw: 'b\n' }, 'ca.crt': 'ca\n' })
  const text = `# mine
stateDir: ./state   # here
cameras:
  - &gate
    id: gate   # the first
    source: 'rtsp://cam/1'
    username: u
    passwordFile: "pw"
  - { <<: *gate, id: yard }
  - id: shed
    source: clips/a.mp4
    passwordFile: >-
      other/pw
    usernameFile: ${join(dir, 'other', 'pw')}
  - {id: home, source: /home/me/x.mp4}
  - {id: env, source: "\${CLIP}"}
mqtt: {caFile: ca.crt, certFile: /etc/ssl/box.pem, keyFile: /etc/ssl/box.key}
bundle: ./networks
`
  const { text: made, files, said } = takenOver(text, join(dir, 'my.yaml'), '/etc/blindsight/config.yaml')
  t.equal(
    made,
    `# mine
stateDir: /var/lib/blindsight   # here
cameras:
  - &gate
    id: gate   # the first
    source: 'rtsp://cam/1'
    username: u
    passwordFile: camera-gate-password
  - { <<: *gate, id: yard }
  - id: shed
    source: ${join(dir, 'clips/a.mp4')}
    passwordFile: camera-shed-password
    usernameFile: camera-shed-user
  - {id: home, source: /home/me/x.mp4}
  - {id: env, source: "\${CLIP}"}
mqtt: {caFile: mqtt-ca.pem, certFile: /etc/ssl/box.pem, keyFile: /etc/ssl/box.key}
bundle: ${join(dir, 'networks')}
`,
  )
  t.strictSame(files, [
    { file: '/etc/blindsight/camera-gate-password', text: 'a\n' },
    { file: '/etc/blindsight/camera-shed-password', text: 'b\n' },
    { file: '/etc/blindsight/camera-shed-user', text: 'b\n' },
    { file: '/etc/blindsight/mqtt-ca.pem', text: 'ca\n' },
  ])
  t.match(
    said.join('\n'),
    /^! source: \/home\/me\/x\.mp4 is hidden from the service: copy it to \/var\/lib\/blindsight/m,
  )
})

t.test('two files of one name', async (t) => {
  const dir = t.testdir({ one: 'a', two: 'b' })
  const text =
    'cameras:\n  - {id: a, source: rtsp://c/1, x: {passwordFile: one}}\n  - {id: b, source: rtsp://c/1, x: {passwordFile: two}}\n'
  const { text: made } = takenOver(text, join(dir, 'c.yaml'), '/etc/blindsight/config.yaml')
  t.match(made, /x-password}.*x-password-2}/s)
})

t.test('where a service does not look', async (t) => {
  for (const path of ['/home/me/a', '/root/a', '/tmp/a', '/run/user/1000/a', '/export/me/a'])
    t.ok(isHidden(path, '/export/me'), path)
  for (const path of ['/mnt/ssd/a', '/var/lib/blindsight', '/homes/a']) t.notOk(isHidden(path, '/export/me'), path)
})

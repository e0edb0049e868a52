import t from 'tap'
import { parseConfig } from '../../../agent/config/load.js'
import { brokerOf, fromEnvironment, sourceOf } from '../../../agent/config/login.js'

const env = { PASSWORD: 'p/a@s s', HOST: '10.0.0.5:554' }

t.test('a camera: in the address, in keys, in files, in the environment', async (t) => {
  const dir = t.testdir({ user: 'admin\n', password: 'p/a@s s\n' })
  const whole = 'rtsp://admin:p%2Fa%40s%20s@10.0.0.5:554/live'
  const none = (key: string, text: string) => t.fail(`${key}: ${text}`)
  for (const camera of [
    { source: 'rtsp://admin:p/a@s s@10.0.0.5:554/live' },
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the configuration's
    { source: 'rtsp://admin:${PASSWORD}@${HOST}/live' },
    { source: 'rtsp://10.0.0.5:554/live', username: 'admin', password: 'p/a@s s' },
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the configuration's
    { source: 'rtsp://10.0.0.5:554/live', username: 'admin', password: '${PASSWORD}' },
    { source: 'rtsp://10.0.0.5:554/live', usernameFile: `${dir}/user`, passwordFile: `${dir}/password` },
    { source: 'rtsp://admin:old@10.0.0.5:554/live', passwordFile: `${dir}/password` },
  ])
    t.equal(sourceOf(camera, env, none), whole)
  t.equal(sourceOf({ source: '/videos/a b.mp4' }, env, none), '/videos/a b.mp4')
})

t.test('what is wrong names the key, and no secret', async (t) => {
  const cases: [object, RegExp][] = [
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the configuration's
    [{ source: 'rtsp://u:${NONE}@cam/1' }, /^source: \$\{NONE\} is not set/],
    [{ source: 'rtsp://cam/1', password: 'x' }, /^password: .*username/],
    [{ source: '/a.mp4', username: 'x' }, /^username: .*no login/],
    [{ source: 'rtsp://cam/1', username: 'u', passwordFile: '/no/such' }, /^passwordFile: \/no\/such does not exist/],
    [{ source: 'rtsp://admin:12/3@host/x' }, /^source: .*two ways.*%2F/],
  ]
  for (const [camera, fault] of cases) {
    const said: string[] = []
    sourceOf(camera as { source: string }, env, (key, text) => said.push(`${key}: ${text}`))
    t.match(said, [fault])
  }
})

t.test('a broker in its parts', async (t) => {
  const none = (key: string, text: string) => t.fail(`${key}: ${text}`)
  const parts = { url: 'mqtts://broker.local:8883', username: 'box', password: 'p/a@s s' }
  t.strictSame(brokerOf({ url: 'mqtts://box:p%2Fa%40s s@broker.local:8883' }, env, none), parts)
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the configuration's
  t.strictSame(brokerOf({ url: 'mqtts://box:${PASSWORD}@broker.local:8883' }, env, none), parts)
  const said: string[] = []
  const ambiguous = brokerOf({ url: 'mqtt://john.doe:1234/5@broker.local' }, env, (key, text) =>
    said.push(`${key}: ${text}`),
  )
  t.match(said, [/^url: can be read in two ways/])
  t.equal(ambiguous.url, undefined)
  t.equal(fromEnvironment('no names', env, t.fail), 'no names')
})

t.test('the whole configuration: lines, the # of YAML, and nothing secret that is kept twice', async (t) => {
  const faultOf = (text: string) => {
    try {
      parseConfig(text, 'box.yaml')
    } catch (error) {
      return (error as Error).message
    }
    return ''
  }
  t.match(faultOf('cameras:\n  - id: a\n    source: rtsp://u:p #x@host/1\n'), /^box\.yaml:3: .*#.*quotes/)
  t.match(faultOf('cameras:\n  - id: a\n    source: rtsp://u:12/3@host/1\n'), /^box\.yaml:3: cameras\.0\.source: .*%2F/)
  t.match(
    faultOf('cameras:\n  - id: a\n    source: x.mp4\n    fps: 0.05\n    stallSeconds: 10\n'),
    /^box\.yaml:5: .*at least 40/,
  )
  const { cameras } = parseConfig(
    "cameras:\n  - id: a\n    source: 'rtsp://cam/1'\n    username: u\n    password: 'p #1'\n",
    'x',
  )
  t.match(cameras[0], { source: 'rtsp://u:p%20%231@cam/1' })
  t.notOk('password' in cameras[0]!)
})

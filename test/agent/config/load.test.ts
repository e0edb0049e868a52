import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { examineText, loadConfig, parseConfig } from '../../../agent/config/load.js'

const root = join(import.meta.dirname, '..', '..', '..')
const camera = '  - id: a\n    source: x.mp4\n'

/** The error's lines. */
function faults(text: string): string[] {
  try {
    parseConfig(text, 'box.yaml')
  } catch (error) {
    t.match(error, { name: 'AgentError', code: 'config', exitCode: 78 })
    return (error as Error).message.split('\n')
  }
  return []
}

t.test('the example is valid, and so is what it shows as defaults', async (t) => {
  const file = join(root, 'config', 'example.yaml')
  const config = loadConfig(file)
  t.match(config, { cameras: [{ id: 'street', width: 448, height: 256 }], mqtt: { base: 'blindsight' } })
  const all = readFileSync(file, 'utf8').replaceAll(/^# ?(?=[a-zA-Z ]+:)/gm, '')
  const uncommented = all
    .replaceAll(/^ {2}(passwordFile|caFile|certFile|keyFile|publicKey):.*$/gm, '')
    .replaceAll(/^( +)# /gm, '$1')
  t.strictSame(parseConfig(uncommented.replace(/^blindsight:.*$/m, ''), file).outbox, config.outbox)
})

t.test('only cameras are needed; the rest has defaults and is frozen', async (t) => {
  const config = parseConfig(`cameras:\n${camera}`, 'box.yaml')
  t.match(config, {
    bundle: undefined,
    bundles: { overMqtt: false },
    providers: ['tensorrt', 'cuda', 'cpu'],
    cameras: [{ id: 'a', width: 448, height: 256, fps: 10, loop: true }],
    outbox: { onFull: 'drop_oldest' },
  })
  t.match(config.device, /^[a-z0-9_-]{1,64}$/)
  t.throws(() => ((config.cameras[0] as { fps: number }).fps = 99), TypeError)
})

t.test('what is wrong: file, line, key, and what to write instead', async (t) => {
  const cases: [string, RegExp][] = [
    [`cameras:\n${camera}\nbrokr: x\n`, /^box\.yaml:5: unknown key 'brokr'; there are device, /],
    [`cameras:\n${camera}    heigth: 64\n`, /^box\.yaml:4: unknown key 'cameras\.0\.heigth'; did you mean 'height'\?$/],
    [`mqtt:\n  user_name: x\ncameras:\n${camera}`, /^box\.yaml:2: .*did you mean 'username'\?/],
    [`cameras:\n${camera}    width: 450\n`, /^box\.yaml:4: .*multiples of 16; nearest: 448$/],
    [`cameras:\n${camera}    fps: fast\n`, /^box\.yaml:4: cameras\.0\.fps: .*number/],
    [`cameras:\n${camera}    heads: [classify, read]\n`, /^box\.yaml:4: cameras\.0\.heads\.1/],
    [`cameras:\n${camera}${camera}`, /^box\.yaml:4: camera id 'a' is used twice$/],
    ['cameras:\n  - id: Hof 1\n    source: x\n', /^box\.yaml:2: .*a-z 0-9 _ -/],
    ['cameras:\n  - id: a\n', /^box\.yaml:2: cameras\.0\.source/],
    [`mqtt:\n  url: broker.local\ncameras:\n${camera}`, /^box\.yaml:2: .*mqtt:\/\/host:port/],
    [`mqtt:\n  certFile: /no/such.pem\ncameras:\n${camera}`, /^box\.yaml:2: mqtt\.certFile: .*belong together/],
    [
      `mqtt:\n  caFile: /no/such.pem\ncameras:\n${camera}`,
      /^box\.yaml:2: mqtt\.caFile: \/no\/such\.pem does not exist/,
    ],
    [`cameras:\n${camera}\n  bad indent\n`, /^box\.yaml:\d+: /],
    ['cameras: *nowhere\n', /box\.yaml/],
    [
      `cameras:\n${camera}archive:\n  keepEventsDays: 7\n`,
      /^box\.yaml:5: archive\.keepEventsDays: 7 is less than maxDays, 30: write at least that, or leave it out$/,
    ],
    ['', /cameras/],
    ['- a list\n', /configuration: .*object/],
  ]
  for (const [text, fault] of cases)
    t.ok(
      faults(text).some((line) => fault.test(line)),
      `${fault}: ${faults(text)}`,
    )
})

t.test('every fault is named, not only the first', async (t) => {
  t.equal(faults(`wrong: 1\nalso: 2\ncameras:\n${camera}    fps: -1\n`).length, 3)
})

t.test('all of it at once, in the order of the file: what stands beside a fault is looked at too', async (t) => {
  const text = `mqtt:
  caFile: /no/such.pem
http:
  prot: 9100
cameras:
  - id: a
    source: x.mp4
    fps: fast
    passwordFile: /no/such/password
  - id: b
    source: rtsp://host/a
    passwordFile: /no/such/other
  - id: b
    source: x.mp4
archive:
  maxDays: 30
  keepEventsDays: 7
  minFreeMegabytes: none
`
  const said = faults(text)
  t.strictSame(
    said.map((line) => /^box\.yaml:(\d+): /.exec(line)?.[1]),
    ['2', '3', '4', '8', '12', '13', '17', '18'],
    said.join('\n'),
  )
  t.match(said.join('\n'), /8: cameras\.0\.fps/)
  t.match(said.join('\n'), /12: cameras\.1\.passwordFile: .*does not exist/)
  t.match(said.join('\n'), /13: camera id 'b' is used twice/)
  t.notMatch(said.join('\n'), '/no/such/password', 'what a fault may be the reason of is not guessed at')
})

t.test('a fault is not said to have followed from another one', async (t) => {
  const text = 'mqtt:\n  usernmae: u\n  password: p\n  certFile: 7\n  keyFile: /no/such.pem\ncameras:\n'
  t.equal(faults(`${text}${camera}    fps: 0\n    stallSeconds: 1\n`).length, 3)
  t.equal(faults('cameras: []\n').length, 1)
  t.equal(faults('mqtt:\n  url: mqtt://h\n').length, 1)
  t.match(examineText(`${text}${camera}`, 'box.yaml'), { config: { mqtt: {}, cameras: [{ id: 'a' }] } })
})

t.test('a password from a file, or from the environment', async (t) => {
  const dir = t.testdir({ password: 'from the file\n' })
  const text = `mqtt:\n  username: u\n  passwordFile: ${dir}/password\ncameras:\n${camera}`
  t.equal(parseConfig(text, 'box.yaml').mqtt.password, 'from the file')
  process.env.BLINDSIGHT_MQTT_PASSWORD = 'from the environment'
  t.teardown(() => delete process.env.BLINDSIGHT_MQTT_PASSWORD)
  t.equal(parseConfig(text, 'box.yaml').mqtt.password, 'from the environment')
})

/** What a configuration and a command line can get wrong: the exit code and the line, from the real program. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { selfSigned } from '../certificates.js'
import { cli } from './agent.js'
import type { Kit } from './kit.js'
import { NotRun, type Outcome, type Scenario } from './scenario.js'

const CAMERA = 'cameras:\n  - id: cam\n    source: /nowhere.mp4\n'

/** Line by line, and where it leads: the texts that people write. DIR is the scenario's folder. */
const wrong: [id: string, fault: string, text: string | Uint8Array, line: RegExp][] = [
  ['empty', 'an empty file', '', /:1: .*is empty; write at least cameras/],
  ['utf16', 'the file saved as UTF-16', Buffer.from(`\ufeff${CAMERA}`, 'utf16le'), /UTF-16; save it as UTF-8/],
  ['latin1', 'the file saved as Latin-1', Buffer.from(`${CAMERA}bundle: caf\xe9\n`, 'latin1'), /UTF-8 \(line 4\)/],
  ['two-documents', 'two documents in one file', `${CAMERA}---\n${CAMERA}`, /:4: .*second document/],
  ['twice', 'a key twice', `${CAMERA}bundle: lean-5\nbundle: lean-1\n`, /:5: .*'bundle'.*second time/],
  ['tab', 'a tab as indentation', 'cameras:\n\t- id: cam\n', /:2: .*tab.*spaces/],
  ['deep', '50,000 brackets', '['.repeat(50_000), /deep/],
  ['unknown-key', 'a key that is none', `${CAMERA}    heigth: 64\n`, /:4: .*did you mean 'height'/],
  ['map', 'cameras as a map', 'cameras:\n  cam:\n    source: x\n', /:1: cameras: .*list.*"- "/],
  ['nothing-below', 'mqtt: with nothing below it', `${CAMERA}mqtt:\n`, /:4: mqtt: has nothing below it/],
  ['tilde', 'a key that is ~', `${CAMERA}mqtt:\n  url: ~\n`, /:5: mqtt\.url: has no value/],
  ['empty-text', 'an empty text', `${CAMERA}stateDir: ''\n`, /:4: stateDir: is empty/],
  [
    'password-number',
    'a password of digits',
    `${CAMERA}mqtt:\n  password: 1234\n`,
    /:5: mqtt\.password: .*in quotes$/m,
  ],
  ['username-007', 'a user name of digits', `${CAMERA}mqtt:\n  username: 007\n`, /:5: .*quotes: "007"/],
  ['hash', 'a password that begins with #', `${CAMERA}mqtt:\n  password: #x\n`, /:5: .*# in quotes/],
  ['tag', 'a tag of another program', `${CAMERA}mqtt:\n  password: !secret x\n`, /:5: .*tag.*quotes/],
  ['yes', 'yes as a boolean', `${CAMERA}    loop: yes\n`, /:4: cameras\.0\.loop: write true/],
  ['unit', 'a unit behind a number', `${CAMERA}archive:\n  maxMegabytes: 4GB\n`, /:5: .*digits alone/],
  ['comma', 'a decimal comma', `${CAMERA}    fps: 12,5\n`, /:4: .*write 12\.5/],
  ['overflow', 'healthSeconds: 3000000', `${CAMERA}healthSeconds: 3000000\n`, /:4: .*from 1 to 86400/],
  ['infinite', 'a number without end', `${CAMERA}archive:\n  maxDays: .inf\n`, /:5: archive\.maxDays: Infinity/],
  ['no-bundle', 'a bundle that is not there', `${CAMERA}bundle: lean-55\n`, /:4: bundle: no bundle in/],
  ['no-provider', 'a provider that is not there', `${CAMERA}providers: [tensorrt]\n`, /:4: providers: .*cpu\]/],
  ['state-file', 'a state directory that is a file', `${CAMERA}stateDir: DIR/file\n`, /:4: stateDir: .*is a file/],
  [
    'no-ca',
    'caFile not there',
    `${CAMERA}mqtt:\n  url: mqtts://b\n  caFile: DIR/no\n`,
    /:6: mqtt\.caFile: .*not exist/,
  ],
  [
    'no-pem',
    'caFile that is no certificate',
    `${CAMERA}mqtt:\n  url: mqtts://b\n  caFile: DIR/file\n`,
    /:6: mqtt\.caFile: .*PEM/,
  ],
  [
    'wrong-key',
    'the key of another certificate',
    `${CAMERA}mqtt:\n  url: mqtts://b\n  certFile: DIR/one.pem\n  keyFile: DIR/two.key\n`,
    /:7: mqtt\.keyFile: .*two\.key is not the key of .*one\.pem/,
  ],
  [
    'empty-secret',
    'a password file with nothing in it',
    `${CAMERA}mqtt:\n  url: mqtt://b\n  passwordFile: DIR/file\n`,
    /:6: mqtt\.passwordFile: .*is empty/,
  ],
]

const SHORT = ['empty', 'nothing-below', 'password-number', 'overflow', 'no-bundle', 'no-provider', 'wrong-key']

const misread = wrong.map(
  ([id, fault, text, line]): Scenario => ({
    id: `config/${id}`,
    fault,
    short: SHORT.includes(id),
    seconds: 4,
    async run(kit) {
      writeFileSync(kit.path('file'), '')
      if (id === 'wrong-key') for (const name of ['one', 'two']) selfSigned(kit.dir, name)
      const file = kit.path('config.yaml')
      writeFileSync(file, typeof text === 'string' ? text.replaceAll('DIR', kit.dir) : text)
      const [run, check] = [await kit.cli(['run', '--config', file]), await kit.cli(['check-config', '--config', file])]
      const said = run.err.trim().replaceAll(`${kit.dir}/`, '')
      // What is no fault (the camera's file is not there) only check-config says.
      const faults = check.err.replaceAll(/^warning: .*\n/gm, '')
      const ok = run.code === 78 && check.code === 78 && run.err === faults && line.test(run.err)
      return { said: `${run.code}: ${said}`, recoveryMs: null, lost: 0, ok: ok && !/^\s+at /m.test(run.err) }
    },
  }),
)

const outcome = (said: string, ok: boolean, recoveryMs: number | null = null): Outcome => ({
  said,
  recoveryMs,
  lost: 0,
  ok,
})

/** Every number at one end of what the schema allows. */
const extremes = {
  largest: {
    top: { healthSeconds: 86_400 },
    mqtt: { keepaliveSeconds: 65_535, historyPerSecond: 1000 },
    archive: { maxMegabytes: 1e9, maxDays: 36_500, keepEventsDays: 36_500 },
    outbox: { maxMegabytes: 1e9, maxHours: 876_000 },
    cameras: [{ fps: 5, keyframeSeconds: 300, stallSeconds: 3600 }],
  },
  smallest: {
    top: { healthSeconds: 1 },
    mqtt: { keepaliveSeconds: 5, historyPerSecond: 0.1 },
    archive: { maxMegabytes: 1, maxDays: 0.001, keepEventsDays: 0.001 },
    outbox: { maxMegabytes: 1, maxHours: 0.01 },
    cameras: [{ fps: 5, keyframeSeconds: 0.1, stallSeconds: 0.5 }],
  },
}

const numbers = Object.entries(extremes).map(
  ([which, wishes]): Scenario => ({
    id: `config/${which}-numbers`,
    fault: `every number the ${which} that is allowed`,
    short: false,
    seconds: 15,
    async run(kit) {
      const broker = await kit.broker()
      const listener = await kit.listener(broker)
      const agent = kit.agent(await kit.config({ broker, ...wishes }))
      await agent.logged('running')
      const from = performance.now()
      await kit.until('20 frames', () => listener.frames.size >= 20)
      const health = listener.messages.filter(({ topic }) => topic.endsWith('/health')).length
      const seconds = (performance.now() - from) / 1000
      const { code } = await agent.stop()
      const overflow = agent.other.some((line) => /TimeoutOverflow/.test(line))
      const text = `${health} health messages in ${seconds.toFixed(0)} s, ${overflow ? 'a timer overflowed' : 'no timer overflowed'}, exit ${code}`
      return outcome(text, !overflow && code === 0 && health <= seconds + 3)
    },
  }),
)

/** A child that is told to end, and how long that takes. */
async function interrupted(
  kit: Kit,
  args: readonly string[],
  when: (said: () => string) => Promise<unknown>,
  again?: string,
) {
  const child = kit.processes.spawn(process.execPath, [cli, ...args])
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (data) => {
      text += data
    })
  const closed = once(child, 'close')
  await when(() => text)
  const from = performance.now()
  child.kill('SIGINT')
  if (again) {
    await kit.until('the stop', () => text.includes(again))
    child.kill('SIGINT')
  }
  await closed
  return { ms: performance.now() - from, code: child.exitCode, signal: child.signalCode, text }
}

const stops: Scenario[] = [
  {
    id: 'config/ctrl-c-at-start',
    fault: 'Ctrl-C while the networks are opened',
    short: true,
    async run(kit) {
      const file = kit.configFile(await kit.config())
      const end = await interrupted(kit, ['run', '--config', file], (said) =>
        kit.until('the start', () => /embedded broker/.test(said())),
      )
      return outcome(`exit ${end.code ?? end.signal}`, end.code === 0 || end.signal === 'SIGINT', end.ms)
    },
  },
  {
    id: 'config/ctrl-c-twice',
    fault: 'Ctrl-C, and again while it sends what waits',
    short: false,
    async run(kit) {
      const file = kit.configFile(await kit.config())
      const end = await interrupted(
        kit,
        ['run', '--config', file],
        (said) => kit.until('running', () => /"running"/.test(said())),
        '"stopping"',
      )
      return outcome(`exit ${end.code ?? end.signal}`, end.code === 0 || end.signal === 'SIGINT', end.ms)
    },
  },
  ...(
    ['subscribe', 'archive list --device box', 'archive get --device box cam/0123456789abcdef/1 --out DIR'] as const
  ).map(
    (verb): Scenario => ({
      id: `config/ctrl-c-${verb.split(' --')[0]!.replace(' ', '-')}`,
      fault: `Ctrl-C while \`${verb.split(' --')[0]}\` connects to a broker that says nothing`,
      short: false,
      async run(kit) {
        const server = createServer()
        const reached = once(server, 'connection')
        server.listen(0, '127.0.0.1')
        await once(server, 'listening')
        kit.defer(() => server.close())
        const { port } = server.address() as { port: number }
        const args = [...verb.replace('DIR', kit.path('out')).split(' '), '--broker', `mqtt://127.0.0.1:${port}`]
        const end = await interrupted(kit, args, () => reached)
        return outcome(`exit ${end.code ?? end.signal}`, end.ms < 8000 && !/ at /.test(end.text), end.ms)
      },
    }),
  ),
]

const others: Scenario[] = [
  {
    id: 'config/empty-environment',
    fault: 'BLINDSIGHT_MQTT_PASSWORD, NOTIFY_SOCKET, WATCHDOG_USEC, FFMPEG_PATH and TMPDIR set to nothing',
    short: true,
    async run(kit) {
      const agent = kit.agent(await kit.config(), {
        env: {
          BLINDSIGHT_MQTT_PASSWORD: '',
          NOTIFY_SOCKET: '',
          WATCHDOG_USEC: '',
          WATCHDOG_PID: '',
          FFMPEG_PATH: '',
          TMPDIR: '',
        },
      })
      await agent.logged('running')
      await kit.until('frames', () => kit.archive.rows(kit.stateDir).length > 5)
      const { code } = await agent.stop()
      return outcome(`running, exit ${code}`, code === 0)
    },
  },
  {
    id: 'config/port-taken',
    fault: "the embedded broker's port belongs to another program",
    short: false,
    async run(kit) {
      const other = await kit.broker()
      const port = Number(new URL(other.url).port)
      const agent = kit.agent(await kit.config({ mqtt: { embeddedPort: port } }))
      const { msg, url } = await agent.logged(/port is taken/)
      await agent.logged('running')
      const { code } = await agent.stop()
      return outcome(`${msg}: ${url}`, code === 0)
    },
  },
  {
    id: 'config/port-not-allowed',
    fault: 'embeddedPort: 80 as an ordinary user',
    short: false,
    async run(kit) {
      const wrap = await kit.ordinaryUser()
      const from = Number(await kit.sh('cat /proc/sys/net/ipv4/ip_unprivileged_port_start'))
      if (from <= 80) throw new NotRun(`every user may listen on ports from ${from} here`)
      await kit.sh(`mkdir state && chown 65534 state && chmod 711 . ..`)
      const agent = kit.agent(await kit.config({ mqtt: { embeddedPort: 80 } }), { wrap })
      const { code } = await agent.ended()
      const line = agent.other.join(' ')
      return outcome(
        `${code}: ${line.replaceAll(`${kit.dir}/`, '')}`,
        code === 78 && /:\d+: mqtt\.embeddedPort: /.test(line),
      )
    },
  },
  {
    id: 'config/times-with-offset',
    fault: 'requests with times in other spellings, and one that is none',
    short: false,
    async run(kit) {
      const broker = await kit.broker()
      const agent = kit.agent(await kit.config({ broker }))
      await kit.until('frames', () => kit.archive.rows(kit.stateDir).length > 5)
      const list = (from: string) =>
        kit.cli(['archive', 'list', '--broker', broker.url, '--device', 'field', '--from', from, '--limit', '1'])
      const hour = new Date(Date.now() - 3_600_000).toISOString()
      const spellings = [hour, `${hour.slice(0, 16)}Z`, `${hour.slice(0, 19)}+00:00`, `${hour.slice(0, 13)}+0000`]
      const codes = []
      for (const from of spellings) codes.push((await list(from)).code)
      const bad = await list('yesterday')
      await agent.stop()
      return outcome(`${codes}; ${bad.code}: ${bad.err.trim()}`, codes.every((code) => code === 0) && bad.code === 2)
    },
  },
]

export const scenarios: Scenario[] = [...misread, ...numbers, ...stops, ...others]

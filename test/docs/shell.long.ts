/**
 * Types what the pages show to be typed, page by page, in a folder, beside a broker with two boxes: `demo`, and `gate-1` with the
 * camera `yard`. What ends by itself must end well; what goes on must say something, and end when it is told to.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Mosquitto } from '../client/mosquitto.js'
import { blindsight, Program } from '../e2e/program.js'
import { until } from '../e2e/until.js'
import { tool } from '../tool.js'
import { root } from './pages.js'
import { reasonNotToRun, type ShellCommand, shellCommands } from './shell.js'

/** What runs until it is told to end. */
const endless =
  /\bsubscribe\b(?!.*--count)|\bmosquitto_sub\b(?!.* -C)|\bview\b|\bcollect\b|\bblindsight run\b|\brun demo\b(?!.*--frames)/
/** By what it is seen that it runs; of what is none of these, by anything. */
const running: readonly (readonly [RegExp, RegExp])[] = [
  [/\bread -r event\b/, /^a person in the yard since \w+ \d\d:\d\d:\d\d$/m],
  [/\brun demo\b/, /frames\/s/],
  [/\bview\b/, /http:\/\//],
]
const runs = (text: string): RegExp => running.find(([of]) => of.test(text))?.[1] ?? /\S/
/** `verify` finds missing what a collector had no time to ask for. */
const alsoWell = (text: string): number[] => (/\bverify\b/.test(text) ? [0, 6] : [0])

/** What is written before something is looked for in it. */
const ORDER = ['docs/get-started.md', 'docs/how-to/zones.md', 'docs/how-to/restore.md', 'docs/how-to/fleet.md']
const rank = ({ at }: ShellCommand): number =>
  (ORDER.indexOf(at.split(':')[0]!) + ORDER.length + 1) % (ORDER.length + 1)

t.test('the pages', async (t) => {
  const broker = await Mosquitto.start()
  t.teardown(() => broker.stop())
  const dir = workplace(t.testdir(), broker)
  const gate = Program.start(['run', '--config', join(dir, 'gate-1.yaml')])
  const small = ['--size', '224x128', '--threads', '1']
  const demo = Program.start([
    'demo',
    '--seconds',
    '0',
    '--broker',
    broker.url,
    '--state-dir',
    join(dir, 'demo'),
    ...small,
  ])
  t.teardown(() => Promise.all([gate.terminate(), demo.terminate()]))
  const event = await until('an event of gate-1', async () => {
    const { out } = await blindsight(['events', 'list', '--broker', broker.url, '--device', 'gate-1', '--json'])
    return /"id":"(yard-[^"]+)"/.exec(out)?.[1]
  })

  const here = (text: string) =>
    text
      .replaceAll(/mqtt:\/\/(broker\.local|hub:1883)/g, broker.url)
      .replaceAll(/\bmosquitto_sub (-h broker\.local)?/g, `mosquitto_sub -h 127.0.0.1 -p ${broker.port} `)
      .replaceAll('yard-1a2b3c4d-7', event)
      .replaceAll('/srv/bitstreams', 'bitstreams')
      // After dark, and of what the clip has.
      .replaceAll('"$hour" -ge 17', '"$hour" -ge 0')
      .replaceAll('.class == "person"', '.class == "vehicle"')
      .replaceAll(/\bnpx blindsight\b/g, 'blindsight')
      .replaceAll(/\bnpm run\b/g, `npm --prefix ${root} run`)
  for (const command of shellCommands().sort((a, b) => rank(a) - rank(b))) {
    const reason = reasonNotToRun(command)
    const name = `${command.at} ${command.text.split('\n')[0]}`
    if (reason) t.pass(`${name}: not run, ${reason}`)
    else await type(t, name, here(command.text), dir)
  }
})

async function type(t: Test, name: string, text: string, dir: string): Promise<void> {
  const env = { ...process.env, NODE_OPTIONS: '', PATH: `${join(dir, 'bin')}:${process.env.PATH}` }
  const child = spawn('bash', ['-c', text], { cwd: dir, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += data))
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)))
  if (!endless.test(text)) return void t.ok(alsoWell(text).includes((await ended) ?? -1), `${name}\n${said}`)
  await until(name, () => runs(text).test(said) || child.exitCode !== null)
  t.equal(child.exitCode, null, `${name}: it goes on\n${said}`)
  tell(child, 'SIGINT')
  await ended
  t.notMatch(said, /^blindsight: /m, name)
}

/** The command with all that it has started. */
function tell(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, signal)
  } catch {
    // It has ended meanwhile.
  }
}

/** The commands' folder: `blindsight` on the PATH, the checkout's files by their names, the configurations that pages speak of. */
function workplace(dir: string, broker: Mosquitto): string {
  tool('jq')
  mkdirSync(join(dir, 'bin'))
  writeFileSync(join(dir, 'bin', 'blindsight'), shim(broker.url))
  chmodSync(join(dir, 'bin', 'blindsight'), 0o755)
  for (const name of ['config', 'models']) symlinkSync(join(root, name), join(dir, name))
  for (const [name, state] of [
    ['my', 'mine'],
    ['yard', 'yards'],
  ] as const)
    writeFileSync(join(dir, `${name}.yaml`), camera('box-1', join(dir, state), broker))
  writeFileSync(join(dir, 'gate-1.yaml'), camera('gate-1', join(dir, 'gate'), broker))
  return dir
}

/** Without --broker a verb asks port 1883 of this machine, which may be somebody's. */
const shim = (url: string): string => `#!/bin/sh
case " $* " in
  *' --broker '*) ;;
  ' subscribe '* | ' archive '* | ' events '* | ' view '* | ' collect '*) set -- "$@" --broker '${url}' ;;
esac
exec '${process.execPath}' '${root}/dist/cli/main.js' "$@"
`

const camera = (device: string, stateDir: string, broker: Mosquitto): string =>
  JSON.stringify({
    device,
    stateDir,
    threads: 1,
    mqtt: { url: broker.url },
    cameras: [
      {
        id: 'yard',
        source: join(root, 'config', 'demo', 'street.mp4'),
        fps: 3,
        stallSeconds: 600,
        zones: [
          {
            name: 'gate',
            polygon: [
              [0, 0],
              [1, 0],
              [1, 1],
              [0, 1],
            ],
          },
        ],
        events: [{ class: 'vehicle' }, { class: 'vehicle', zone: 'gate' }, { class: 'person', zone: 'gate' }],
      },
    ],
  })

/** A real npm install: seconds with a warm npm cache, minutes on a slow link. */
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

function sh(command: string, args: string[], cwd = process.cwd()) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

/**
 * The package unpacked is what gets installed from: it has no .ci/setup, so nothing here can touch the checkout's
 * node_modules, and the test shows too that the packed scripts work. Being below the checkout, it finds node_modules.
 */
function unpacked(directory: string): string {
  const packed = sh('npm', ['pack', '--silent', '--pack-destination', directory])
  if (packed.status !== 0) throw new Error(packed.output)
  const tarball = readdirSync(directory).find((name) => name.endsWith('.tgz'))!
  const untarred = sh('tar', ['xzf', tarball], directory)
  if (untarred.status !== 0) throw new Error(untarred.output)
  return join(directory, 'package')
}

t.test('stage, upgrade, uninstall, purge', async (t) => {
  const directory = t.testdir({ stage: {} })
  const stage = join(directory, 'stage')
  const source = unpacked(directory)
  const install = (...args: string[]) => sh('systemd/install', ['--destdir', stage, ...args], source)
  const config = join(stage, 'etc/blindsight/config.yaml')
  const app = join(stage, 'opt/blindsight/node_modules/blindsight')

  const bad = join(directory, 'bad.yaml')
  writeFileSync(bad, 'nonsense: true\n')
  const refused = install('--config', bad)
  t.match(refused, { status: 78, output: /nonsense/ }, 'a bad configuration is refused')
  t.match(refused.output, bad, 'and named as the caller knows it')
  t.notOk(existsSync(config))
  t.notOk(existsSync(app))
  t.notOk(existsSync(`${stage}/etc/systemd/system/blindsight.service`))

  const first = install()
  t.equal(first.status, 0, first.output)
  t.match(first.output, /no user was created and nothing was started/)
  t.equal(readFileSync(config, 'utf8'), readFileSync('config/example.yaml', 'utf8'))
  t.equal(statSync(config).mode & 0o777, 0o640, 'a password in it is not for everybody')
  t.equal(readlinkSync(join(stage, 'usr/local/bin/blindsight')), '/opt/blindsight/node_modules/.bin/blindsight')
  const unit = readFileSync(join(stage, 'etc/systemd/system/blindsight.service'), 'utf8')
  const program = /^ExecStart=(\/\S+) (\S+) run --config \/etc\/blindsight\/config\.yaml$/m.exec(unit)
  t.match(program?.[1], /\/node$/, 'an absolute node')
  t.ok(existsSync(join(stage, program?.[2] ?? 'missing')), 'the unit starts a file that is there')
  t.match(sh(join(stage, 'opt/blindsight/node_modules/.bin/blindsight'), ['--help'], '/'), {
    status: 0,
    output: /check-config/,
  })

  const files = readdirSync(app, { recursive: true }).map(String)
  t.ok(
    files.some((file) => file.endsWith('encoder.onnx')),
    'the bundle is there',
  )
  t.strictSame(
    files.filter((file) => /decoder\.onnx|^dist\/client\/decode\/./.test(file)),
    [],
    'and no decoder',
  )

  const collect = install('--collect')
  t.equal(collect.status, 0, collect.output)
  const settings = join(stage, 'etc/blindsight/collect.env')
  t.equal(readFileSync(settings, 'utf8'), readFileSync('config/collect.env', 'utf8'))
  t.equal(statSync(settings).mode & 0o777, 0o600, 'it has passwords')
  const collector = join(stage, 'etc/systemd/system/blindsight-collect.service')
  t.match(readFileSync(collector, 'utf8'), /^ExecStart=\/\S+\/node \S+ collect \$COLLECT_FLAGS$/m)
  t.ok(existsSync(join(stage, 'etc/systemd/system/blindsight.service')), 'beside the agent')
  writeFileSync(join(stage, 'var/lib/blindsight-collect/fleet.sqlite'), '')

  const refusedView = install('--view')
  t.match(refusedView, { status: 1, output: /view\.js is missing: the page is served from a whole checkout/ })
  t.notOk(existsSync(join(stage, 'opt/blindsight-view')))
  // A checkout has these beside what the package has.
  for (const part of ['package-lock.json', 'dist/client/view', 'dist/client/decode', 'models/bundles'])
    cpSync(part, join(source, part), { recursive: true })
  const view = install('--view')
  t.equal(view.status, 0, view.output)
  const viewSettings = join(stage, 'etc/blindsight/view.env')
  t.equal(readFileSync(viewSettings, 'utf8'), readFileSync('config/view.env', 'utf8'))
  t.equal(statSync(viewSettings).mode & 0o777, 0o600, 'it has passwords')
  const page = join(stage, 'etc/systemd/system/blindsight-view.service')
  const [, main] = /^ExecStart=\/\S+\/node (\S+) view \$VIEW_FLAGS$/m.exec(readFileSync(page, 'utf8'))!
  const viewApp = join(stage, 'opt/blindsight-view/node_modules/blindsight')
  t.ok(
    readdirSync(viewApp, { recursive: true }).some((file) => String(file).endsWith('decoder.onnx')),
    'it has what decodes',
  )
  t.strictSame(
    readdirSync(app, { recursive: true }).filter((file) => /decoder\.onnx/.test(String(file))),
    [],
    "and the box's program still has not",
  )
  // All that it loads is there: it gets as far as its broker.
  const looked = sh('node', [join(stage, main), 'view', '--port', '0', '--broker', 'mqtt://127.0.0.1:1'], '/')
  t.match(looked, { status: 4, output: /no connection to the broker/ })
  for (const name of ['@fastify/static', 'onnxruntime-web'])
    t.ok(existsSync(join(stage, 'opt/blindsight-view/node_modules', name)), name)
  writeFileSync(join(stage, 'var/lib/blindsight-view/views.jsonl'), '')

  const edited = `${readFileSync(config, 'utf8')}\n# mine\n`
  writeFileSync(config, edited)
  mkdirSync(join(stage, 'var/lib/blindsight/archive'))
  const second = install('--config', 'config/example.yaml')
  t.equal(second.status, 0, second.output)
  t.match(second.output, /upgraded/)
  t.match(second.output, /keeping .*config\.yaml/)
  t.equal(readFileSync(config, 'utf8'), edited, 'a configuration is never overwritten')
  t.strictSame(readdirSync(join(stage, 'opt')), ['blindsight', 'blindsight-view'], 'no left-overs')

  // As `blindsight init --yes --out my.yaml` makes it without root.
  const home = join(directory, 'home')
  mkdirSync(home)
  writeFileSync(join(home, 'camera-gate-password'), 'secret\n', { mode: 0o640 })
  writeFileSync(
    join(home, 'my.yaml'),
    `# mine
stateDir: /home/me/.local/state/blindsight
cameras:
  - id: gate
    source: rtsp://192.168.1.20/stream2
    username: admin
    passwordFile: ${join(home, 'camera-gate-password')}
`,
  )
  rmSync(config)
  writeFileSync(join(stage, 'etc/blindsight/camera-gate-password'), 'of an earlier one')
  const third = install('--config', join(home, 'my.yaml'))
  t.equal(third.status, 0, third.output)
  const secret = join(stage, 'etc/blindsight/camera-gate-password')
  t.match(third.output, `passwordFile: ${join(home, 'camera-gate-password')} is copied to ${secret}`)
  t.match(third.output, 'stateDir: /var/lib/blindsight, and not /home/me')
  t.equal(
    readFileSync(config, 'utf8'),
    `# mine
stateDir: /var/lib/blindsight
cameras:
  - id: gate
    source: rtsp://192.168.1.20/stream2
    username: admin
    passwordFile: camera-gate-password
`,
  )
  t.equal(readFileSync(secret, 'utf8'), 'secret\n')
  t.equal(statSync(secret).mode & 0o777, 0o640)
  t.equal(readFileSync(`${secret}.~1~`, 'utf8'), 'of an earlier one')
  t.notOk(existsSync(join(stage, 'etc/blindsight/.new')))
  rmSync(home, { recursive: true })
  const checked = sh('node', [join(app, 'dist/cli/main.js'), 'check-config', '--config', config], '/')
  t.equal(checked.status, 0, `it needs nothing of the home: ${checked.output}`)
  writeFileSync(config, edited)

  const uninstall = (...args: string[]) => sh('systemd/uninstall', ['--destdir', stage, ...args], source)
  const removed = uninstall()
  t.equal(removed.status, 0, removed.output)
  t.match(removed.output, /kept the configuration/)
  t.match(removed.output, /kept the archive/)
  t.match(removed.output, /kept the store of the collector/)
  t.match(removed.output, /kept the record of views/)
  t.notOk(existsSync(collector))
  t.notOk(existsSync(page))
  t.notOk(existsSync(viewApp))
  t.notOk(existsSync(app))
  t.ok(existsSync(config))
  t.ok(existsSync(join(stage, 'var/lib/blindsight/archive')))
  t.equal(uninstall().status, 0, 'twice is fine')
  t.equal(uninstall('--purge').status, 0)
  t.notOk(existsSync(config))
  t.notOk(existsSync(join(stage, 'var/lib/blindsight')))
  t.notOk(existsSync(join(stage, 'var/lib/blindsight-collect')))
  t.notOk(existsSync(join(stage, 'var/lib/blindsight-view')))
})

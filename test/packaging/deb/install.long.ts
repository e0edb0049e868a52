/** The package on a machine of its own with systemd running: installed, upgraded, put back, removed, purged. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { Machine, noMachine } from '../machine.js'
import { lintian } from './lintian.js'

/** Debian 12; with jammy, Ubuntu 22.04, which JetPack 6 is made from. */
const SUITE = process.env.BLINDSIGHT_SUITE ?? 'bookworm'
const root = resolve('var', 'roots', SUITE)
const share = resolve('var', 'deb-test', 'share')

const CONFIG = `device: field-box
cameras:
  - {id: street, source: /share/street.mp4, fps: 2, width: 224, height: 128}
`
const STATUS = 'blindsight status --json'

/** Waits for what a command on the machine says to be so: it gives up only after minutes. */
async function until(machine: Machine, command: string, holds: (text: string) => boolean): Promise<string> {
  for (let tries = 0; ; tries++) {
    const { text } = await machine.run(command)
    if (holds(text)) return text
    if (tries > 120)
      throw new Error(
        `${command} still says: ${text}\n${await machine.must('journalctl -u blindsight -n 50 --no-pager')}`,
      )
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}
const frames = (status: string): number => {
  try {
    return (JSON.parse(status) as { health: { archive: { frames: number } } }).health.archive.frames
  } catch {
    return 0
  }
}
const archived = (machine: Machine, atLeast: number) => until(machine, STATUS, (text) => frames(text) >= atLeast)

/** The tree of another package, changed. */
function repack(from: string, to: string, version: string, change: (app: string) => void = () => {}): void {
  const tree = join(share, `${to}.tree`)
  execFileSync('dpkg-deb', ['--raw-extract', join(share, from), tree])
  const control = join(tree, 'DEBIAN', 'control')
  writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*$/m, `Version: ${version}`))
  const app = join(tree, 'usr/lib/blindsight/app')
  const manifest = readFileSync(join(app, 'package.json'), 'utf8')
  writeFileSync(join(app, 'package.json'), manifest.replace(/"version": ".*"/, `"version": "${version}"`))
  change(app)
  execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '--build', tree, join(share, to)], { stdio: 'pipe' })
  rmSync(tree, { recursive: true })
}

const skip = noMachine() ?? false

t.test(`the package on ${SUITE}`, { skip }, async (t) => {
  execFileSync('sh', ['test/packaging/root', SUITE], { stdio: ['ignore', 'ignore', 'inherit'] })
  rmSync(share, { recursive: true, force: true })
  mkdirSync(share, { recursive: true })
  const build = ['dist/packaging/deb/main.js', '--compression', '0', '--out', 'var/deb-test', '--set-version', '1.0.0']
  // As under `npm run` where npm is told of Node's headers: they are not those of the package's Node.
  const env = { ...process.env, npm_config_nodedir: '/nowhere' }
  const said = execFileSync(process.execPath, build, { encoding: 'utf8', env })
  renameSync(said.split('  ')[0]!, join(share, 'first.deb'))
  t.equal(lintian(join(share, 'first.deb')), '')
  const tree = join(share, 'first.tree')
  execFileSync('dpkg-deb', ['--raw-extract', join(share, 'first.deb'), tree])
  const loads = "new (require('better-sqlite3'))(':memory:').prepare('SELECT 1').get(); require('unix-dgram')"
  // Before anything is installed: a service whose addons do not load waits a quarter of an hour to be ready.
  execFileSync(join(tree, 'usr/lib/blindsight/bin/node'), ['-e', loads], { cwd: join(tree, 'usr/lib/blindsight/app') })
  rmSync(tree, { recursive: true })
  repack('first.deb', 'second.deb', '1.0.1')
  repack('first.deb', 'broken.deb', '1.0.2', (app) =>
    writeFileSync(join(app, 'dist/agent/service.js'), 'throw new Error("a version that does not start")\n'),
  )
  repack('first.deb', 'strict.deb', '1.0.3', (app) => {
    const usable = join(app, 'dist/agent/usable.js')
    const text = readFileSync(usable, 'utf8')
    const strict = text.replace(
      /export async function usable\(.*\) \{/,
      "$&\n  throw new Error('a version that refuses this configuration')",
    )
    t.not(strict, text)
    writeFileSync(usable, strict)
  })
  const { frames: archivedBefore } = JSON.parse(
    readFileSync('test/fixtures/upgrade/before-1.0/frames.json', 'utf8'),
  ) as {
    frames: unknown[]
  }
  writeFileSync(
    join(share, 'archive.sqlite'),
    gunzipSync(readFileSync('test/fixtures/upgrade/before-1.0/archive.sqlite.gz')),
  )
  // What was there before there was a package; its service is started by this machine's Node, which goes along.
  execFileSync('sh', ['systemd/install', '--destdir', join(share, 'earlier')], { stdio: 'pipe' })
  execFileSync('cp', ['config/demo/street.mp4', share])
  const node = execFileSync('sh', ['-c', 'command -v node'], { encoding: 'utf8' }).trim()

  const boot = () => Machine.boot(root, resolve('var', 'deb-test', 'machine'), share)
  let machine = await boot()
  t.teardown(() => machine.stop())
  const pid = () => machine.must('systemctl show --property MainPID --value blindsight')
  const program = async () => machine.must(`readlink /proc/${await pid()}/exe`)
  const install = (name: string) => machine.run(`dpkg --install /share/${name}`)
  let seen = 0

  await t.test('installed: nothing runs yet, and it says what to do', async (t) => {
    const { code, text } = await install('first.deb')
    t.equal(code, 0, text)
    t.match(text, 'sudo blindsight init')
    t.equal((await machine.run('systemctl is-enabled blindsight')).text.trim(), 'enabled')
    t.equal((await machine.run('systemctl is-enabled blindsight-collect')).text.trim(), 'disabled')
    t.equal((await machine.run('systemctl start blindsight; systemctl is-active blindsight')).text.trim(), 'inactive')
    t.equal(
      await machine.must('stat -c "%a %U %G" /etc/blindsight /var/lib/blindsight'),
      '750 root blindsight\n750 blindsight blindsight',
    )
    t.match(await machine.must('id blindsight'), /video.*render|render.*video/)
    t.equal(await machine.must('blindsight --version'), '1.0.0')
    await machine.must('runuser -u blindsight -- blindsight check-config --config /etc/blindsight/example.yaml')
    t.equal(await machine.must('find / -xdev -nouser -o -xdev -nogroup | head -3'), '')
  })

  await t.test(
    'with a configuration the service becomes ready, and takes frames, under all of its restrictions',
    async () => {
      await machine.must(
        `cat >/etc/blindsight/config.yaml <<'EOF'\n${CONFIG}EOF\nchgrp blindsight /etc/blindsight/config.yaml; chmod 640 /etc/blindsight/config.yaml`,
      )
      await machine.must('systemctl start blindsight')
      seen = frames(await archived(machine, 5))
    },
  )

  await t.test('the collector, too, beside it', async (t) => {
    await machine.must('systemctl start blindsight-collect')
    const store = '/var/lib/blindsight-collect/fleet.sqlite'
    const proof = await until(machine, `blindsight verify --store ${store}`, (text) => /street/.test(text))
    t.match(proof, 'field-box')
    t.equal(await machine.must('stat -c "%a %U" /etc/blindsight/collect.env'), '600 root')
    await machine.must('systemctl stop blindsight-collect')
  })

  await t.test('an upgrade restarts it and keeps configuration and archive', async (t) => {
    const [before, sum] = [await pid(), await machine.must('sha256sum /etc/blindsight/config.yaml')]
    const { code, text } = await install('second.deb')
    t.equal(code, 0, text)
    t.not(await pid(), before)
    t.equal(await machine.must('sha256sum /etc/blindsight/config.yaml'), sum)
    const status = await archived(machine, seen + 1)
    t.equal((JSON.parse(status) as { version: string }).version, '1.0.1')
    seen = frames(status)
    t.equal((await machine.run('ls /usr/lib/blindsight.before')).code, 2, 'what was kept for going back is gone')
  })

  await t.test(
    'a version that does not become ready: the one before runs again, and dpkg says that it is not done',
    async (t) => {
      for (const again of ['dpkg --install /share/broken.deb', 'dpkg --configure blindsight']) {
        const { code, text } = await machine.run(again)
        t.not(code, 0)
        t.match(text, 'version 1.0.2 did not become ready; the box runs version 1.0.1 again')
        t.equal(await program(), '/usr/lib/blindsight.before/bin/node')
        const status = await archived(machine, seen + 1)
        t.equal((JSON.parse(status) as { version: string }).version, '1.0.1')
        seen = frames(status)
      }
      t.match(await machine.must('dpkg --status blindsight'), 'half-configured')
      t.match(await machine.must('journalctl -u blindsight --no-pager'), 'a version that does not start')
      await machine.cutPower()
      machine = await boot()
      seen = frames(await archived(machine, seen + 1))
      t.equal(await program(), '/usr/lib/blindsight.before/bin/node', 'after a power cut, too')
      t.match(await machine.must('journalctl -u blindsight --no-pager'), 'a version that does not start')
    },
  )

  await t.test('a version that is sound ends that', async (t) => {
    const { code, text } = await install('second.deb')
    t.equal(code, 0, text)
    t.equal(await program(), '/usr/lib/blindsight/bin/node')
    t.equal(await machine.must('find /etc/systemd/system -name "blindsight.service" -type f'), '')
    seen = frames(await archived(machine, seen + 1))
  })

  await t.test('stopped on purpose, an upgrade leaves it stopped', async (t) => {
    await machine.must('systemctl stop blindsight')
    const { code, text } = await install('first.deb')
    t.equal(code, 0, text)
    t.match(text, 'was stopped and stays so')
    t.equal((await machine.run('systemctl is-active blindsight')).text.trim(), 'inactive')
    await machine.must('systemctl start blindsight')
    seen = frames(await archived(machine, seen + 1))
    t.equal((await machine.run('ls /usr/lib/blindsight.before')).code, 2)
  })

  await t.test('a version that refuses the configuration does not get to run', async (t) => {
    const { code, text } = await install('strict.deb')
    t.not(code, 0)
    t.match(text, 'version 1.0.3 did not become ready; the box runs version 1.0.0 again')
    t.equal(await program(), '/usr/lib/blindsight.before/bin/node')
    seen = frames(await archived(machine, seen + 1))
    const sound = await install('first.deb')
    t.equal(sound.code, 0, sound.text)
    seen = frames(await archived(machine, seen + 1))
  })

  await t.test('removed: it stops, what it wrote stays; installed again it goes on', async (t) => {
    await machine.must('dpkg --remove blindsight')
    t.equal((await machine.run('systemctl is-active blindsight')).text.trim(), 'inactive')
    t.equal((await machine.run('ls /usr/lib/blindsight')).code, 2)
    await machine.must('test -s /etc/blindsight/config.yaml -a -s /var/lib/blindsight/archive.sqlite')
    const { code, text } = await install('first.deb')
    t.equal(code, 0, text)
    seen = frames(await archived(machine, seen + 1))
  })

  await t.test('purged: configuration and archive go, and no unit is left', async (t) => {
    await machine.must('dpkg --purge blindsight')
    for (const path of ['/etc/blindsight', '/var/lib/blindsight', '/usr/lib/blindsight'])
      t.equal((await machine.run(`ls ${path}`)).code, 2, path)
    await machine.must('test -s /var/lib/blindsight-collect/fleet.sqlite')
    t.equal(await machine.must('find /etc/systemd /var/lib/systemd -name "*blindsight*"'), '')
  })

  await t.test(
    'over systemd/install: the archive, the configuration and the service go on in the package',
    async (t) => {
      execFileSync('cp', [node, join(share, 'node')])
      await machine.must(
        `install -D /share/node ${node}; cp -a /share/earlier/. /; useradd --system --user-group --groups video,render blindsight 2>/dev/null || true`,
      )
      await machine.must(
        `cat >/etc/blindsight/config.yaml <<'EOF'\n${CONFIG}EOF\nchown -R root:blindsight /etc/blindsight; chmod 640 /etc/blindsight/config.yaml; chown blindsight: /var/lib/blindsight`,
      )
      await machine.must('systemctl daemon-reload; systemctl enable --now blindsight')
      t.equal(await program(), node)
      seen = frames(await archived(machine, 5))
      // What the state before there was a package had written.
      await machine.must(
        'systemctl stop blindsight; rm /var/lib/blindsight/archive.sqlite*; install -o blindsight -g blindsight -m 600 /share/archive.sqlite /var/lib/blindsight/; systemctl start --no-block blindsight',
      )
      seen = archivedBefore.length
      const { code, text } = await install('first.deb')
      t.equal(code, 0, text)
      t.match(text, 'rm -rf /opt/blindsight')
      t.equal(await program(), '/usr/lib/blindsight/bin/node')
      await archived(machine, seen + 1)
      t.equal(await machine.must('command -v blindsight'), '/usr/bin/blindsight')
      t.equal((await machine.run('systemctl is-enabled blindsight')).text.trim(), 'enabled')
      t.equal(
        await machine.must('readlink /etc/systemd/system/multi-user.target.wants/blindsight.service'),
        '/lib/systemd/system/blindsight.service',
      )
    },
  )
})

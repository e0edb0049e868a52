/** The collector's unit as systemd would start it, without systemd: its command line and its settings, as another user, where nothing can be written but its own folder. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { freePort } from '../client/mosquitto.js'
import { until } from '../e2e/until.js'

const unit = readFileSync('systemd/blindsight-collect.service', 'utf8')
const setting = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)![1]
const main = resolve('.tap/js/cli/main.js')
const nobody = '--reuid=65534 --regid=65534 --clear-groups --no-new-privs'
/** tap's hooks in child processes would slow them down. */
const { NODE_OPTIONS: _, ...env } = process.env

/** $1: settings, $2: of this test. $state is what StateDirectory makes; the rest of the machine is read-only. */
const script = `set -eu
mount --make-rprivate /
state=${setting('WorkingDirectory')}
mount -t tmpfs none /var/lib
mkdir -m ${setting('StateDirectoryMode')} $state
chown 65534:65534 $state
mount --bind $state $state
mount -o remount,bind,ro /
cd $state
umask ${setting('UMask')}
set -a; . "$1"; . "$2"; set +a
setpriv ${nobody} ${setting('ExecStart').replace(/\S+\/dist\/cli\/main\.js/, main)} & child=$!
trap 'kill $child' TERM
wait $child || wait $child
find . -printf '%P %m %U\\n'
`

/** Why it cannot be tried on this machine. */
function hindrance(): string | false {
  if (process.getuid?.() !== 0) return 'only root can take the rest of the machine away'
  const can = (command: string) => spawnSync('sh', ['-c', command]).status === 0
  if (!can('unshare -m mount --make-rprivate /')) return 'unshare may not mount here'
  return can(`setpriv ${nobody} test -r ${main}`) ? false : 'another user cannot read this checkout'
}

t.test(
  'it starts as it is written, keeps to its own folder, and ends when it is told',
  { skip: hindrance() },
  async (t) => {
    const dir = t.testdir()
    const http = await freePort()
    const own = join(dir, 'own.env')
    writeFileSync(own, `BLINDSIGHT_HTTP=127.0.0.1:${http}\nBLINDSIGHT_BROKER=mqtt://127.0.0.1:${await freePort()}\n`)
    const args = ['-m', 'sh', '-c', script, 'sh', resolve('config/collect.env'), own]
    const child = spawn('unshare', args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
    const ended = once(child, 'close')
    t.teardown(() => child.kill('SIGKILL'))
    await until('it to wait for its broker', () => {
      if (child.exitCode !== null) throw new Error(said)
      return /no connection to the broker.*trying again/.test(said)
    })
    const health = await fetch(`http://127.0.0.1:${http}/healthz`)
    t.strictSame([health.status, await health.json()], [503, { ok: false, broker: false, store: true }])
    child.kill('SIGTERM')
    t.strictSame(await ended, [0, null], said)
    t.match(said, /^bitstreams 700 65534$/m)
    t.match(said, /^fleet\.sqlite 600 65534$/m)
  },
)

/** A unit as systemd would start it, without systemd: its command line and its settings, as another user, where nothing can be written but its own folder. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const main = resolve('.tap/js/cli/main.js')
const nobody = '--reuid=65534 --regid=65534 --clear-groups --no-new-privs'
/** tap's hooks in child processes would slow them down. */
const { NODE_OPTIONS: _, ...env } = process.env

/** $1: settings, $2: of this test. $state is what StateDirectory makes; the rest of the machine is read-only. */
function scriptOf(unit: string): string {
  const text = readFileSync(unit, 'utf8')
  const setting = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)![1]
  return `set -eu
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
}

/** Why it cannot be tried on this machine. */
export function hindrance(): string | false {
  if (process.getuid?.() !== 0) return 'only root can take the rest of the machine away'
  const can = (command: string) => spawnSync('sh', ['-c', command]).status === 0
  if (!can('unshare -m mount --make-rprivate /')) return 'unshare may not mount here'
  return can(`setpriv ${nobody} test -r ${main}`) ? false : 'another user cannot read this checkout'
}

export interface Started {
  readonly child: ChildProcess
  /** All that it said; when it has ended also what lies in its folder, as: name mode owner. */
  readonly said: string
  /** Exit status and signal. */
  readonly ended: Promise<unknown[]>
}

/** @param settings the unit's environment, and what a test has instead of some of it */
export function startUnit(unit: string, ...settings: [string, string]): Started {
  const args = ['-m', 'sh', '-c', scriptOf(unit), 'sh', ...settings.map((file) => resolve(file))]
  const child = spawn('unshare', args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
  return {
    child,
    get said() {
      return said
    },
    ended: once(child, 'close'),
  }
}

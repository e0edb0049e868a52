/**
 * A machine of its own on this one: systemd as process 1 of new namespaces (processes, mounts, network, …), on a folder's
 * copy-on-write view. No container program is needed; root is.
 */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'

const NAMESPACES = ['--pid', '--fork', '--mount', '--uts', '--ipc', '--net', '--cgroup', '--kill-child']
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** $0: the folder, $1: what is written goes below it, $2: shown there as /share. Both hierarchies of control groups, as systemd wants them where it is not alone. */
const BOOT = `set -e
mount --make-rprivate /
mkdir -p "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=$0,upperdir=$1/upper,workdir=$1/work" "$1/root"
cd "$1/root"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount -t tmpfs tmpfs sys/fs/cgroup
mkdir -p share
mount --bind -o ro "$2" share
mkdir sys/fs/cgroup/unified sys/fs/cgroup/systemd
mount -t cgroup2 cgroup2 sys/fs/cgroup/unified
mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
# Not chroot: from within one the kernel makes no user namespace, which units ask for.
pivot_root . mnt
cd /
umount -l /mnt
exec env -i PATH=${PATH} container=lxc /sbin/init --log-target=journal`

const PROBE = `set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root /mnt/groups
mount -t overlay overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
mount -t cgroup -o none,name=systemd cgroup /mnt/groups`

/** Why this machine can hold no other: what its kernel, or who runs it, refuses. */
export function noMachine(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root may make namespaces: sudo npm test -- FILE'
  const { status, stderr } = spawnSync('unshare', [...NAMESPACES, 'sh', '-c', PROBE], { encoding: 'utf8' })
  return status === 0 ? undefined : `no systemd can be started in namespaces here: ${stderr.trim()}`
}

export interface Outcome {
  readonly code: number
  /** stdout and stderr, as they came. */
  readonly text: string
}

export class Machine {
  private constructor(
    private readonly process: ChildProcess,
    private readonly init: number,
    private readonly place: string,
  ) {}

  /**
   * @param root a Debian or Ubuntu (test/packaging/root), left as it is; @param place a folder for what is written, removed at the end
   * @param share a folder of this machine that it sees as /share
   */
  static async boot(root: string, place: string, share: string): Promise<Machine> {
    mkdirSync(place, { recursive: true })
    const child = spawn('unshare', [...NAMESPACES, 'sh', '-c', BOOT, root, place, share], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += data))
    let ended = false
    child.once('exit', () => (ended = true))
    for (;;) {
      if (ended) throw new Error(`no machine could be started in namespaces of this one: ${said}`)
      const init = childOf(child.pid!)
      if (init) {
        const machine = new Machine(child, init, place)
        // `starting` while process 1 is not systemd yet, too.
        const { text } = await machine.run('systemctl is-system-running --wait')
        if (/^(running|degraded)/m.test(text)) return machine
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  /** Runs a line of shell as root on it. */
  run(command: string): Promise<Outcome> {
    const into = ['-t', `${this.init}`, '--all', `--root=/proc/${this.init}/root`]
    const args = [
      ...into,
      'env',
      '--chdir=/',
      '-i',
      `PATH=${PATH}`,
      'LC_ALL=C.UTF-8',
      'DEBIAN_FRONTEND=noninteractive',
      'sh',
      '-c',
      `exec 2>&1; ${command}`,
    ]
    return new Promise((resolve) => {
      execFile('nsenter', args, { maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
        const code = error ? (typeof error.code === 'number' ? error.code : 255) : 0
        resolve({ code, text: `${stdout}${stderr}` })
      })
    })
  }

  /** @throws with what was said, where the line fails */
  async must(command: string): Promise<string> {
    const { code, text } = await this.run(command)
    if (code !== 0) throw new Error(`${command}: exit ${code}\n${text}`)
    return text.trim()
  }

  /** Everything ends at once; boot() on the same place starts it again, with what was on its disk. */
  async cutPower(): Promise<void> {
    const over = new Promise((resolve) => this.process.once('exit', resolve))
    this.process.kill('SIGKILL')
    await over
  }

  async stop(): Promise<void> {
    await this.cutPower()
    rmSync(this.place, { recursive: true, force: true })
  }
}

/** The child of unshare that became process 1 there. */
function childOf(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()) || undefined
  } catch {
    return undefined
  }
}

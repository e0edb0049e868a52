/** The installation itself, which asks the npm registry, is in install.long.ts. */
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

function sh(command: string, args: string[], cwd = process.cwd()) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

t.test('the scripts are valid for dash and explain themselves', async (t) => {
  for (const script of ['systemd/install', 'systemd/uninstall', '.ci/setup'])
    t.strictSame(sh('dash', ['-n', script]), { status: 0, output: '' }, script)
  for (const script of ['systemd/install', 'systemd/uninstall']) {
    t.ok(statSync(script).mode & 0o111, `${script} is executable`)
    t.match(sh(script, ['--help']), { status: 0, output: /usage: sudo/ })
    t.match(sh(script, ['--nonsense']), { status: 1, output: /unknown argument --nonsense/ })
    t.match(sh(script, ['--destdir']), { status: 1, output: /--destdir needs a directory/ })
  }
  t.match(sh('systemd/install', ['--collect', '--config', 'x']), { status: 1, output: /collect\.env/ })
  t.match(sh('systemd/install', ['--view', '--config', 'x']), { status: 1, output: /view\.env/ })
  t.match(sh('systemd/install', ['--view', '--collect']), { status: 1, output: /two services/ })
  t.match(sh('systemd/install', ['--config', '/nonexistent.yaml']), { status: 1, output: /cannot read/ })
})

t.test('while npm says nothing: what it does, roughly how long that takes, and for how long already', async (t) => {
  const dir = t.testdir({
    checkout: { systemd: {}, dist: { cli: { 'main.js': '' } }, 'package.json': '{}' },
    // Packs at once, and installs until it fails.
    bin: {
      npm: '#!/bin/sh\nif [ $1 = pack ]; then echo box.tgz; echo x >$5/box.tgz; else /bin/sleep 1; exit 1; fi\n',
      sleep: '#!/bin/sh\nexec /bin/sleep 0.1\n',
    },
  })
  for (const name of ['npm', 'sleep']) chmodSync(join(dir, 'bin', name), 0o755)
  cpSync('systemd/install', join(dir, 'checkout', 'systemd', 'install'))
  const env = { ...process.env, PATH: `${join(dir, 'bin')}:${process.env.PATH}` }
  const script = join(dir, 'checkout', 'systemd', 'install')
  const { status, stdout, stderr } = spawnSync('sh', [script, '--destdir', join(dir, 'stage')], {
    env,
    encoding: 'utf8',
  })
  t.equal(status, 1, stderr)
  t.match(stderr, /^install: npm install failed, see above$/m)
  t.match(stdout, /^install: one to five minutes from here: packing, installing, checking, starting$/m)
  t.match(stdout, /^install: packing this checkout \(some ten seconds\)$/m)
  t.match(
    stdout,
    /^install: installing box\.tgz .* \(half a minute; .*\)\ninstall: installing, for 10 s so far\ninstall: installing, for 20 s so far$/m,
  )
})

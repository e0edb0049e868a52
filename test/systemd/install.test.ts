/** The installation itself, which asks the npm registry, is in install.long.ts. */
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
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

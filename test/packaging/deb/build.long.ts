/** The package itself: the same bytes twice, no error of lintian's, and inside it what must be and not what must not be. */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { elfFiles } from '../../../packaging/deb/elf.js'
import { lintian } from './lintian.js'

function build(out: string): string {
  const options = ['--arch', arch, '--compression', '0', '--out', out, '--set-version', '1.2.3']
  const args = ['run', '--silent', 'deb', '--', ...options]
  const env = { ...process.env, SOURCE_DATE_EPOCH: '1700000000' }
  return execFileSync('npm', args, { encoding: 'utf8', env }).split('  ')[0]!
}
/** Of the other processor; this one's is built, looked at and installed by install.long.ts. */
const arch = process.arch === 'arm64' ? 'amd64' : 'arm64'
const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')

t.test(`the package for ${arch}`, async (t) => {
  // Not the folder of install.long.ts, which may run beside it.
  const out = join('var', 'deb-a')
  const anew = join('var', 'deb-b')
  const first = build(out)
  t.teardown(() => rmSync(anew, { recursive: true, force: true }))

  t.test('the same bytes, all built anew in another folder', async (t) => {
    rmSync(anew, { recursive: true, force: true })
    const second = build(anew)
    t.equal(sha256(second), sha256(first))
  })

  t.test('lintian finds no error', async (t) => t.equal(lintian(first), ''))

  const tree = join(out, 'tree')
  rmSync(tree, { recursive: true, force: true })
  execFileSync('dpkg-deb', ['--raw-extract', first, tree])
  const read = (path: string) => readFileSync(join(tree, path), 'utf8')
  const list = execFileSync('find', ['.', '-type', 'f'], { cwd: tree, encoding: 'utf8' }).split('\n')

  t.test('no decoder, nothing that shows pictures, nothing of another system', async (t) => {
    t.same(
      list.filter((file) => /decoder\.onnx|onnxruntime-web|dist\/client\/(view\/(?!command)|decode\/)/.test(file)),
      [],
    )
    t.same(
      list.filter((file) => /napi-v6\//.test(file) && !file.includes(`linux/${arch === 'arm64' ? 'arm64' : 'x64'}/`)),
      [],
    )
    t.ok(existsSync(join(tree, 'usr/lib/blindsight/app/models/bundles/field-1/manifest.json')))
  })

  t.test('binaries of its processor alone', async (t) => {
    const lib = join(tree, 'usr', 'lib', 'blindsight')
    const machines = new Set<string>()
    const binaries = await elfFiles(lib)
    for (const file of binaries)
      machines.add(execFileSync('readelf', ['-h', file], { encoding: 'utf8' }).match(/Machine: +(.*)/)![1]!)
    t.strictSame([...machines], [arch === 'arm64' ? 'AArch64' : 'Advanced Micro Devices X86-64'])
    for (const name of ['bin/node', 'better_sqlite3.node', 'unix_dgram.node', 'onnxruntime_binding.node'])
      t.ok(
        binaries.some((file) => file.endsWith(name)),
        name,
      )
  })

  t.test('it says what it is made of', async (t) => {
    const sbom = JSON.parse(read('usr/share/doc/blindsight/sbom.cdx.json')) as {
      bomFormat: string
      metadata: { timestamp: string; component: { version: string } }
      components: { name: string }[]
    }
    t.match(sbom, {
      bomFormat: 'CycloneDX',
      metadata: { timestamp: '2023-11-14T22:13:20.000Z', component: { version: '1.2.3' } },
    })
    const inside = list
      .map((file) => file.match(/app\/node_modules\/((?:@[^/]+\/)?[^/]+)\/package\.json$/)?.[1])
      .filter(Boolean)
    const named = new Set(sbom.components.map(({ name }) => name))
    t.same(
      inside.filter((name) => !named.has(name!)),
      [],
      'every package inside',
    )
    const copyright = read('usr/share/doc/blindsight/copyright')
    t.same(
      inside.filter((name) => !copyright.includes(`node_modules/${name}/*`)),
      [],
      'each with its licence',
    )
    t.same(
      [...named].filter((name) => /^(nan|prebuild-install|@types)/.test(name)),
      [],
      'and none that is not',
    )
    for (const part of ['street.mp4', 'models/bundles/*', 'CC-BY-4.0', 'Roboflow']) t.match(copyright, part)
    t.ok(['node', 'better_sqlite3.node', 'libonnxruntime.so.1'].every((name) => named.has(name)))
  })

  t.test('zsh and fish take their completions, where they are', async (t) => {
    for (const [shell, file] of [
      ['zsh', 'zsh/vendor-completions/_blindsight'],
      ['fish', 'fish/vendor_completions.d/blindsight.fish'],
      ['bash', 'bash-completion/completions/blindsight'],
    ] as const) {
      const { error, status, stderr } = spawnSync(shell, ['-n', join(tree, 'usr/share', file)], { encoding: 'utf8' })
      if ((error as NodeJS.ErrnoException)?.code === 'ENOENT') continue
      t.equal(status, 0, `${shell}: ${stderr}`)
    }
  })
})

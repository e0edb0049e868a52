/** The package itself: the same bytes twice, no error of lintian's, and inside it what must be and not what must not be. */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

/** Everything anew, compiling too, in a folder of its own. */
function build(out: string): string {
  rmSync(out, { recursive: true, force: true })
  const args = ['run', '--silent', 'deb', '--', '--compression', '0', '--out', out, '--set-version', '1.2.3']
  const env = { ...process.env, SOURCE_DATE_EPOCH: '1700000000' }
  return execFileSync('npm', args, { encoding: 'utf8', env }).split('  ')[0]!
}
const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')

t.test('the package', async (t) => {
  const first = build(join('var', 'deb-a'))
  t.teardown(() => {
    for (const out of ['deb-a', 'deb-b']) rmSync(join('var', out), { recursive: true, force: true })
  })

  t.test('the same bytes, built again elsewhere', async (t) => {
    const second = build(join('var', 'deb-b'))
    t.equal(sha256(second), sha256(first))
  })

  t.test('lintian finds no error', async (t) => {
    // Left as it is, it packs in seconds; a release is packed with xz.
    const suppressed = 'uses-no-compression-for-control-tarball,uses-no-compression-for-data-tarball'
    const { status, stdout } = spawnSync(
      'lintian',
      ['--allow-root', '--fail-on', 'error', '--suppress-tags', suppressed, first],
      {
        encoding: 'utf8',
      },
    )
    t.equal(status, 0, stdout)
  })

  const tree = join('var', 'deb-a', 'tree')
  execFileSync('dpkg-deb', ['--raw-extract', first, tree])
  const read = (path: string) => readFileSync(join(tree, path), 'utf8')
  const list = execFileSync('find', ['.', '-type', 'f'], { cwd: tree, encoding: 'utf8' }).split('\n')

  t.test('no decoder, nothing that shows pictures, nothing of another system', async (t) => {
    t.same(
      list.filter((file) => /decoder\.onnx|onnxruntime-web|dist\/client\/(view\/(?!command)|decode\/)/.test(file)),
      [],
    )
    t.same(
      list.filter((file) => /napi-v6\//.test(file) && !file.includes(`linux/${process.arch}/`)),
      [],
    )
    t.ok(existsSync(join(tree, 'usr/lib/blindsight/app/models/bundles/field-1/manifest.json')))
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

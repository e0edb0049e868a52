/** What a box gets: all it needs to run, and no way to make a picture. */
import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { DEFAULT_BUNDLE } from '../../agent/bundles.js'
import { root } from './program.js'

const run = promisify(execFile)

t.test('the packed agent', async (t) => {
  const dir = t.testdir()
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', dir], { cwd: root })
  const [pack] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[]
  const files = pack!.files.map(({ path }) => path)

  t.test('has the networks for the box, and no decoder', async (t) => {
    t.strictSame(
      files.filter((file) => /decode|\.ts$|\.py$|\.map$/.test(file) && !file.endsWith('.d.ts')),
      ['dist/client/decode-command.js', 'dist/codec/decoder.js'],
    )
    t.strictSame(
      files.filter((file) => /^dist\/client\/(view|decode\/)/.test(file)),
      ['dist/client/view/command.js'],
    )
    const bundle = `models/bundles/${DEFAULT_BUNDLE}`
    const needed = ['encoder.onnx', 'analyse.onnx', 'entropy.json', 'manifest.json']
    for (const file of needed.map((name) => `${bundle}/${name}`)) t.ok(files.includes(file), file)
    for (const file of ['systemd/blindsight.service', 'config/example.yaml', 'config/demo/street.mp4', 'LICENSE'])
      t.ok(files.includes(file), file)
  })

  t.test('runs, and says that the decoder is not on this box', async (t) => {
    execFileSync('tar', ['xzf', pack!.filename], { cwd: dir })
    const box = join(dir, 'package')
    mkdirSync(box, { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(box, 'node_modules'))
    const main = join(box, 'dist', 'cli', 'main.js')
    const demo = ['demo', '--frames', '3', '--json', '--size', '224x128', '--state-dir', join(dir, 'state')]
    const help = await run(process.execPath, [main, '--help'])
    for (const verb of ['run', 'demo', 'check-config', 'doctor', 'subscribe', 'archive', 'decode', 'inspect', 'view'])
      t.match(help.stdout, new RegExp(`^ +${verb} `, 'm'))
    const { stdout } = await run(process.execPath, [main, ...demo])
    t.match(JSON.parse(stdout), { frames: 3, published: 3, acked: 3, archived: 3 })
    const decode = await run(process.execPath, [main, 'decode', 'x.bsf', '--out', dir]).catch((error) => error)
    t.equal(decode.code, 3, decode.stderr)
    t.match(decode.stderr, /no decoding on this machine.* full checkout/)
    t.notMatch(decode.stderr, /^\s+at /m)
    const view = await run(process.execPath, [main, 'view']).catch((error) => error)
    t.equal(view.code, 3, view.stderr)
    t.match(view.stderr, /no page on this machine.* full checkout/)
    t.notMatch(view.stderr, /^\s+at /m)
  })
})

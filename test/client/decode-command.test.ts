import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { makeBundle, makeFrame } from './bundle.js'
import { run, start } from './run.js'

function setUp(t: Test) {
  const dir = t.testdir()
  const bundles = join(dir, 'bundles')
  const file = join(dir, 'one.bsf')
  writeFileSync(file, makeFrame(makeBundle(bundles), 1))
  return { dir, bundles, file, out: join(dir, 'out') }
}

t.test('what is wanted has to be said', async (t) => {
  const { file } = setUp(t)
  t.match(await run(['decode', file]), { code: 2, err: /nowhere to write to, decode, give --out DIR or --mp4 FILE/ })
  t.match(await run(['decode', file, '--mp4', 'x.mp4', '--fps', 'fast']), { code: 2, err: /no number, --fps fast/ })
  t.match(await run(['decode', '--out', 'x']), { code: 2, err: /missing required argument 'file'/ })
})

t.test('without client/decode/, as in the package for the box, the verb says where to go', async (t) => {
  const { file, bundles, out, dir } = setUp(t)
  const compiled = join(import.meta.dirname, '..', '..')
  const main = join(dir, 'package', 'test', 'client', 'main.js')
  for (const part of ['client', 'codec', 'contract', 'test/client'])
    cpSync(join(compiled, part), join(dir, 'package', part), { recursive: true })
  rmSync(join(dir, 'package', 'client', 'decode'), { recursive: true })
  const { code, err } = await start(['decode', file, '--out', out, '--bundles', bundles], {}, main).ended
  t.equal(code, 3)
  t.match(err, /^blindsight: no decoding on this machine.*full checkout.*\n$/)
  t.equal((await start(['inspect', file, '--bundles', bundles], {}, main).ended).code, 0)
})

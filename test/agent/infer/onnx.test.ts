import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'

/** The maker's telemetry keeps what it will send in the home folder, and stays away from what calls itself CI. */
const elsewhere = (home: string) => {
  const { CI, GITHUB_ACTIONS, XDG_CACHE_HOME, ORT_DISABLE_TELEMETRY, ...env } = process.env
  return { ...env, HOME: home, XDG_CACHE_HOME: '' }
}

t.test('ONNX Runtime tells nobody what runs here', async (t) => {
  const script = join(t.testdir(), 'opens.mjs')
  const home = join(t.testdirName, 'home')
  mkdirSync(home)
  const setup = {
    providers: ['cpu'],
    threads: 1,
    heads: [],
    sizes: [{ width: 64, height: 48 }],
  }
  writeFileSync(
    script,
    `import { Engine } from '${new URL('../../../agent/infer/engine.js', import.meta.url)}'
    import { openBundle } from '${new URL('../../../contract/bundle.js', import.meta.url)}'
    const bundle = openBundle('${join(process.cwd(), 'models/bundles/lean-1')}')
    const engine = await Engine.start({ ...${JSON.stringify(setup)}, bundle }, '${home}', () => {}, console.error)
    await engine.stop()
    console.log('opened')`,
  )
  const { stdout } = await promisify(execFile)(process.execPath, [script], { env: elsewhere(home) })
  t.equal(stdout, 'opened\n')
  t.same(readdirSync(home), [])
})

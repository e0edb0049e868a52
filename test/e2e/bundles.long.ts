/** A bundle that was chosen, on the built program: taken by a reload, and left again by itself when it does not run. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { choose, readChoice } from '../../agent/updates/choice.js'
import { otherBundle } from '../contract/other-bundle.js'
import { blindsight, Program } from './program.js'
import { committed, configFile } from './setting.js'
import { until } from './until.js'

const small = { width: 64, height: 64, fps: 5, coding: 'static' }
const wentBack = 'the chosen bundle does not run; field-2 is used again'

t.test('networks come and go', async (t) => {
  const dir = t.testdir()
  const state = join(dir, 'state')
  const config = await configFile(dir, { camera: small, top: { bundle: undefined } })
  for (const id of ['field-2', 'field-3']) otherBundle(join(state, 'bundles'), id)
  const start = () => {
    const box = Program.start(['run', '--config', config])
    t.teardown(() => box.kill())
    return box
  }
  const first = start()
  await first.logged('running', 240)
  await until('frames', () => committed(dir).length > 2)

  await t.test('a reload takes the chosen one, which shows that it runs', async (t) => {
    choose(state, 'field-2')
    first.child.kill('SIGHUP')
    await until('a frame of it', () => readChoice(state).trial === undefined)
    t.ok(first.running)
  })

  await t.test('one that does not load: the one before goes on', async (t) => {
    damage(join(state, 'bundles', 'field-3'))
    choose(state, 'field-3')
    first.child.kill('SIGHUP')
    await first.logged(wentBack)
    const before = committed(dir).length
    await until('frames go on', () => committed(dir).length > before + 2)
    const { code, out } = await blindsight(['status', '--config', config, '--json'])
    t.equal(code, 1)
    const fell = { from: 'field-3', why: /analyse\.onnx/ }
    t.match(JSON.parse(out), { bundle: 'field-2', health: { bundle: { id: 'field-2', fell_back: fell } } })
    t.equal((await first.terminate()).code, 0)
  })

  await t.test('the same at a start: the next one has the one before', async (t) => {
    choose(state, 'field-3')
    t.match(await start().ended(), { code: 3, err: /analyse\.onnx: .*damaged/ })
    t.match(readChoice(state), { use: 'field-2', fell: { id: 'field-3' } })
  })

  await t.test('one that is killed before its first frame', async (t) => {
    const edited = JSON.parse(readFileSync(config, 'utf8'))
    edited.cameras[0].source = 'rtsp://127.0.0.1:1/nobody'
    writeFileSync(config, JSON.stringify(edited))
    choose(state, 'lean-5')
    const killed = start()
    await killed.logged('running', 240)
    await killed.kill()
    const next = start()
    t.match(await next.logged(wentBack, 240), { bundle: 'lean-5', reason: /no orderly way/ })
    await next.logged('running', 240)
    t.equal((await next.terminate()).code, 0)
  })
})

/** The file is a link to the released one, which stays as it is. */
function damage(bundle: string): void {
  writeFileSync(join(bundle, 'damaged'), 'damaged on the disk')
  renameSync(join(bundle, 'damaged'), join(bundle, 'analyse.onnx'))
}

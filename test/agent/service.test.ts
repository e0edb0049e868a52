/** The built program and its SIGHUP, with the embedded broker: what the owner of a box and a subscriber see. */
import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { Topics } from '../../contract/topics.js'
import { Program } from '../e2e/program.js'
import { camera, committed, configFile, device, key, missing } from '../e2e/setting.js'
import { Subscriber } from '../e2e/subscriber.js'
import { CTRL_C, Terminal } from '../e2e/terminal.js'
import { until } from '../e2e/until.js'

const topics = new Topics('blindsight', device)
const small = { width: 64, height: 64, fps: 5, coding: 'static' }
const change = (file: string, edit: (config: { cameras: object[] }) => void) => {
  const config = JSON.parse(readFileSync(file, 'utf8'))
  edit(config)
  writeFileSync(file, JSON.stringify(config))
}

t.test('at a terminal: what to do next, and that something comes', async (t) => {
  const file = await configFile(t.testdir(), { camera: small })
  const box = Terminal.start(['run', '--config', file])
  await box.shows(`${device} watches ${camera}; what comes and goes is said here`)
  await box.shows(`npx blindsight status --config ${file}`)
  await box.shows(`npx blindsight subscribe --events --device ${device} --broker mqtt://127.0.0.1:`)
  await box.answer(`${camera}: pictures come`, CTRL_C)
  t.equal(await box.ended(), 0, box.seen)
})

t.test('SIGHUP: a good configuration, a wrong one, many at once', async (t) => {
  const dir = t.testdir()
  const file = await configFile(dir, { camera: small })
  const box = Program.start(['run', '--config', file])
  t.teardown(() => box.kill())
  const { broker } = await box.logged('running', 240)
  const port = Number(new URL(String(broker)).port)
  const watcher = await Subscriber.start({ port, version: '311', filters: ['blindsight/#'] })
  t.teardown(() => watcher.stop())
  const results = (cam: string) => watcher.on(topics.result('cls', cam)).length
  const states = () => watcher.json(topics.state()).map((m) => (m as { state: string }).state)
  const said = (msg: string) => box.log.filter((line) => line.msg === msg)
  await until('frames', () => results(camera) > 3)

  await t.test('a second camera comes, and nothing is lost', async (t) => {
    const before = states().length
    change(file, (config) => config.cameras.push({ ...config.cameras[0], id: 'yard' }))
    box.child.kill('SIGHUP')
    await until('frames of the new camera', () => results('yard') > 3)
    t.match(said('reloading'), [{ changed: ['cameras'], config: file }])
    t.ok(box.running)
    t.notOk(states().slice(before).includes('stopped'), 'subscribers are not told that it has gone')
    t.equal(states().at(-1), 'online')
  })

  await t.test('a wrong one changes nothing, and its lines are said', async (t) => {
    const before = { cam: results(camera), states: states().length }
    const good = readFileSync(file, 'utf8')
    writeFileSync(file, 'cameras:\n  - id: street\n    fps: -1\n')
    box.child.kill('SIGHUP')
    const [line] = await until('the error', () => {
      const found = said('the new configuration is wrong; the old one goes on')
      return found.length > 0 && found
    })
    t.match(line!.reason, `${file}:3: cameras.0.fps`)
    await until('frames go on', () => results(camera) > before.cam + 3)
    t.equal(states().length, before.states, 'the state says nothing of it')
    writeFileSync(file, good)
  })

  await t.test('a hundred at once', async (t) => {
    const times = said('reloaded: nothing has changed').length
    for (let i = 0; i < 100; i++) box.child.kill('SIGHUP')
    await until('a reload', () => said('reloaded: nothing has changed').length > times)
    const before = results(camera)
    await until('frames go on', () => results(camera) > before + 3)
    t.ok(said('reloaded: nothing has changed').length < times + 100)
  })

  const { code, out } = await box.terminate()
  t.equal(code, 0)
  t.equal(out, '', 'no terminal: the log, and nothing else')
  const rows = committed(dir)
  t.strictSame(missing(rows.filter(({ cam }) => cam === camera)), [])
  const seen = new Set(watcher.json(topics.result('cls', camera)).map((m) => key(m as { boot: string; seq: number })))
  const first = rows.findIndex((row) => row.cam === camera && seen.has(key(row)))
  t.strictSame(
    rows.slice(first).filter((row) => row.cam === camera && !seen.has(key(row))),
    [],
    'every committed frame reached the subscriber, whose connection was never cut',
  )
})

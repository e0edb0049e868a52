/** The verb, against a real box and against none. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { reach } from '../../../agent/sockets.js'
import { freePort } from '../../client/mosquitto.js'
import { blindsight, Program } from '../../e2e/program.js'
import { camera, configFile } from '../../e2e/setting.js'
import { until } from '../../e2e/until.js'

const small = { width: 64, height: 64, fps: 5, coding: 'static' }

t.test('a box, its broker away, its configuration spoilt, killed', async (t) => {
  const dir = t.testdir()
  const broker = `mqtt://127.0.0.1:${await freePort()}`
  const http = { port: await freePort() }
  const file = await configFile(dir, { broker, camera: small, top: { http } })
  const args = ['status', '--config', file]

  const none = await blindsight(args)
  t.equal(none.code, 3)
  t.match(none.err, /not running/)

  const box = Program.start(['run', '--config', file])
  t.teardown(() => box.kill())
  await box.logged('running', 240)
  await until('frames', async () => {
    const answer = await fetch(`http://127.0.0.1:${http.port}/healthz`).catch(() => undefined)
    return answer?.status === 200
  })
  const away = await blindsight(args)
  t.equal(away.code, 1, away.out)
  t.match(away.out, /! the broker is away/)
  t.match(away.out, new RegExp(`^${camera}  online`, 'm'))
  t.match(away.out, /faults\n {2}.*not connected to the broker/)

  const json = await blindsight([...args, '--json'])
  t.match(JSON.parse(json.out), { ok: true, pid: box.child.pid, config: file, wrong: [/broker/] })
  const metrics = await (await fetch(`http://127.0.0.1:${http.port}/metrics`)).text()
  t.match(metrics, /^blindsight_up 1$/m)

  const good = readFileSync(file, 'utf8')
  writeFileSync(file, `${good.slice(0, -2)}, "camera": 1, "providers": ["tensorrt"]}`)
  const spoilt = await blindsight(args)
  t.equal(spoilt.code, 1)
  t.match(spoilt.out, /! the configuration that the next start or reload would take: .*'camera'/)
  t.match(spoilt.out, /^\S+: providers: tensorrt: not offered/m, 'with what the next start would say after it')
  writeFileSync(file, good)

  await box.kill()
  t.equal((await blindsight(args)).code, 3, 'the socket that a killed agent leaves is no agent')
  t.equal((await blindsight(['status', '--state-dir', join(dir, 'state')])).code, 3)
})

t.test('somebody is there and does not answer', async (t) => {
  const dir = t.testdir()
  mkdirSync(join(dir, 'state'))
  const server = createServer().listen(reach(join(dir, 'state', 'status.sock')).path)
  t.teardown(() => server.close())
  const { code, err } = await blindsight(['status', '--state-dir', join(dir, 'state')])
  t.equal(code, 1)
  t.match(err, /does not answer/)
})

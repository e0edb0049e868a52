/** No broker configured: the agent brings one (MQTT 3.1.1, loopback), says where, and everybody can use it. */
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ClassifyResult } from '../../contract/messages.js'
import { Topics } from '../../contract/topics.js'
import { tool } from '../tool.js'
import { blindsight, Program } from './program.js'
import { camera, committed, configFile, device, missing } from './setting.js'
import { Subscriber } from './subscriber.js'
import { until } from './until.js'

const topics = new Topics('blindsight', device)

t.test('the embedded broker', async (t) => {
  const dir = t.testdir()
  const agent = Program.start(['run', '--config', await configFile(dir)])
  t.teardown(() => agent.kill())
  const said = await until('where the broker is', () => /mqtt:\/\/127\.0\.0\.1:(\d+)/.exec(agent.err))
  const [url, port] = [said[0], Number(said[1])]
  const watcher = await Subscriber.start({ port, version: '311', filters: ['blindsight/v1/#'] })
  t.teardown(() => watcher.stop())
  const results = () => watcher.json(topics.result('cls', camera)).map((m) => ClassifyResult.parse(m))

  await t.test('mosquitto_sub over 3.1.1: results without gaps, retained state', async (t) => {
    await until('results', () => results().length >= 10)
    const rows = committed(dir)
    t.strictSame(missing(rows), [])
    const seqs = results().map(({ seq }) => seq)
    t.strictSame(
      seqs,
      Array.from(seqs, (_, i) => seqs[0]! + i),
    )
    const late = await Subscriber.start({ port, version: '311', filters: ['blindsight/v1/#'] })
    t.teardown(() => late.stop())
    await until('retained topics', () => late.messages.filter((m) => m.retained).length >= 4)
    const retained = late.messages.filter((m) => m.retained).map((m) => m.topic)
    t.ok(retained.includes(topics.state()), 'state')
    t.ok(retained.includes(topics.camState(camera)), 'camera')
  })

  await t.test('it listens on loopback only', async (t) => {
    const sockets = execFileSync('cat', ['/proc/net/tcp', '/proc/net/tcp6']).toString()
    const hex = port.toString(16).toUpperCase().padStart(4, '0')
    const listening = sockets.split('\n').filter((line) => new RegExp(`:${hex} \\S+ 0A `).test(line))
    t.equal(listening.length, 1)
    t.match(listening[0], / 0100007F:/)
  })

  await t.test('retrieval over 3.1.1: the transaction comes back on res/', async (t) => {
    const request = JSON.stringify({ cam: camera, limit: 2, transaction: 'tx-1' })
    execFileSync(tool('mosquitto_pub'), ['-V', '311', '-p', String(port), '-t', topics.request('list'), '-m', request])
    const [answer] = await until('the answer', () => {
      const answers = watcher.json(topics.response('list'))
      return answers.length > 0 && answers
    })
    t.match(answer, { transaction: 'tx-1', status: 'ok', items: [{ ref: /^street\/[0-9a-f]{16}\/0$/ }, {}] })
  })

  await t.test('our subscriber: N results, each once, none missing', async (t) => {
    const { code, out, err } = await blindsight(['subscribe', '--broker', url, '--json', '--count', '10'])
    t.equal(code, 0, err)
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const seen = lines.filter((l) => l.cls).map((l) => l.seq)
    t.ok(seen.length >= 4)
    t.equal(new Set(seen).size, seen.length)
    t.match(err, /"missing":\s*0|0 missing/)
  })

  await t.test('bitstreams by subscription: it asks for a keyframe, and every file it writes decodes', async (t) => {
    const bits = join(dir, 'bits')
    const { code, err } = await blindsight(['subscribe', '--broker', url, '--bits', bits, '--count', '40'])
    t.equal(code, 0, err)
    const files = readdirSync(bits).map((name) => join(bits, name))
    t.ok(files.length >= 1)
    const inspect = await blindsight(['inspect', '--json', ...files])
    t.equal(inspect.code, 0, inspect.err)
    const reports = inspect.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    t.ok(reports.length >= 10, `${reports.length} frames in ${files.length} segments`)
    t.strictSame([...new Set(reports.map(({ kind }) => kind))].sort(), ['key', 'predicted'])
    t.ok(reports.every(({ profile }) => profile === 'fast'))
  })

  await t.test('SIGTERM drains and stops', async (t) => {
    const { code, err } = await agent.terminate()
    t.equal(code, 0)
    t.notMatch(err, /^\s+at /m)
    const rows = committed(dir)
    await until('the last result', () => results().at(-1)?.seq === rows.at(-1)!.seq)
  })
})

/** No more room: results go on, the state says why, and when there is room again so does the archive. */
import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t from 'tap'
import { ClassifyResult } from '../../contract/messages.js'
import { Topics } from '../../contract/topics.js'
import { Mosquitto } from '../client/mosquitto.js'
import { tool } from '../tool.js'
import { Program } from './program.js'
import { camera, committed, configFile, device, key, missing } from './setting.js'
import { Subscriber } from './subscriber.js'
import { until } from './until.js'

const topics = new Topics('blindsight', device)

t.test('the disk is full for a while', async (t) => {
  const broker = await Mosquitto.start()
  t.teardown(() => broker.stop())
  const watcher = await Subscriber.start({
    port: broker.port,
    version: '5',
    filters: [topics.state(), topics.health(), topics.result('cls', camera)],
  })
  t.teardown(() => watcher.stop())
  const dir = t.testdir()
  const config = await configFile(dir, { broker: broker.url, top: { healthSeconds: 1 } })
  // Over its limit a process gets a signal, and only if it handles that an error, as from a disk.
  const handled = "--import=data:text/javascript,process.on('SIGXFSZ',()=>{})"
  const agent = Program.start(['run', '--config', config], { NODE_OPTIONS: handled })
  t.teardown(() => agent.kill())
  const results = () => watcher.json(topics.result('cls', camera)).map((m) => ClassifyResult.parse(m))
  const states = () => watcher.json(topics.state()).map(({ state }) => state)
  await until('results', () => results().length >= 5)

  // No file of this process may grow any more: what a full disk is, without needing one.
  const limit = (bytes: number | 'unlimited') =>
    execFileSync(tool('prlimit'), ['--pid', String(agent.child.pid), `--fsize=${bytes}:unlimited`])
  limit(statSync(join(dir, 'state', 'archive.sqlite-wal')).size)
  const unarchived = () => results().filter((r) => r.bits.archived === false)
  await until('results without a bitstream', () => unarchived().length >= 5)
  t.equal(states().at(-1), 'degraded')
  t.match(watcher.json(topics.state()).at(-1), { reason: /^archive: / })
  await until('the count', () => watcher.json(topics.health()).some((m) => (m.drops as { commit: number }).commit >= 5))

  const before = committed(dir).length
  limit('unlimited')
  await until('the archive to go on', () => committed(dir).length > before + 5)
  t.equal(states().at(-1), 'online')
  const end = await agent.terminate()
  t.equal(end.code, 0)
  t.notMatch(end.err, /^\s+at /m)

  t.strictSame(missing(results()), [], 'a subscriber sees no gap')
  const rows = new Set(committed(dir).map(key))
  for (const r of results()) t.equal(rows.has(key(r)), r.bits.archived !== false, `seq ${r.seq}`)
  const db = new Database(join(dir, 'state', 'archive.sqlite'), { readonly: true })
  t.equal(db.pragma('integrity_check', { simple: true }), 'ok')
  db.close()
})

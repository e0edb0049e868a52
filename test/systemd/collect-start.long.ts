import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { freePort } from '../client/mosquitto.js'
import { until } from '../e2e/until.js'
import { hindrance, startUnit } from './started.js'

t.test(
  'the collector starts as its unit is written, keeps to its own folder, and ends when it is told',
  { skip: hindrance() },
  async (t) => {
    // A free port for the broker, where there is to be none, may be somebody's a moment later.
    const http = await freePort()
    const own = join(t.testdir(), 'own.env')
    writeFileSync(own, `BLINDSIGHT_HTTP=127.0.0.1:${http}\nBLINDSIGHT_BROKER=mqtt://127.0.0.1:1\n`)
    const started = startUnit('systemd/blindsight-collect.service', 'config/collect.env', own)
    const { child, ended } = started
    t.teardown(() => child.kill('SIGKILL'))
    await until('it to wait for its broker', () => {
      if (child.exitCode !== null) throw new Error(started.said)
      return /no connection to the broker.*trying again/.test(started.said)
    })
    const health = await fetch(`http://127.0.0.1:${http}/healthz`)
    t.strictSame([health.status, await health.json()], [503, { ok: false, broker: false, store: true }])
    child.kill('SIGTERM')
    t.strictSame(await ended, [0, null], started.said)
    t.match(started.said, /^bitstreams 700 65534$/m)
    t.match(started.said, /^fleet\.sqlite 600 65534$/m)
  },
)

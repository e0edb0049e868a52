import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { freePort, Mosquitto } from '../client/mosquitto.js'
import { until } from '../e2e/until.js'
import { hindrance, startUnit } from './started.js'

t.test(
  'the page is served as its unit is written, its record of views lies in its own folder, and it ends when it is told',
  { skip: hindrance() },
  async (t) => {
    const broker = await Mosquitto.start()
    t.teardown(() => broker.stop())
    const port = await freePort()
    const own = join(t.testdir(), 'own.env')
    // What config/view.env has stays, and the port of a test comes behind it.
    writeFileSync(own, `BLINDSIGHT_BROKER=${broker.url}\nVIEW_FLAGS="$VIEW_FLAGS --port ${port}"\n`)
    const started = startUnit('systemd/blindsight-view.service', 'config/view.env', own)
    const { child, ended } = started
    t.teardown(() => child.kill('SIGKILL'))
    await until('the page', () => {
      if (child.exitCode !== null) throw new Error(started.said)
      return started.said.includes(`look at http://127.0.0.1:${port}/`)
    })
    t.match(await (await fetch(`http://127.0.0.1:${port}/`)).text(), /page\.js/)
    t.match(await (await fetch(`http://127.0.0.1:${port}/api/session`)).json(), { place: /^the broker/ })
    child.kill('SIGTERM')
    t.strictSame(await ended, [0, null], started.said)
    t.match(started.said, /^views\.jsonl 600 65534$/m)
  },
)

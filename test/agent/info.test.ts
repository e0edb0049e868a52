import t from 'tap'
import { DEFAULT_BUNDLE } from '../../agent/bundles.js'
import { parseConfig } from '../../agent/config/load.js'
import { fit } from '../../agent/fit.js'
import { infoMessage } from '../../agent/info.js'
import { InfoMessage } from '../../contract/messages.js'

t.test('as docs/schema/info.schema.json says, and under 4 KB', async (t) => {
  const config = parseConfig(
    JSON.stringify({ device: 'gate-1', stateDir: t.testdir(), cameras: [{ id: 'street', source: 'rtsp://cam/1' }] }),
    'test',
  )
  const message = infoMessage(config, fit(config), { boot: 'b', session: 's', providers: { encoder: 'cpu' } })
  t.strictSame(InfoMessage.parse(message), message)
  t.match(message, { dev: 'gate-1', boot: 'b', bundle: { id: DEFAULT_BUNDLE }, cameras: [{ id: 'street', fps: 10 }] })
  t.ok(JSON.stringify(message).length < 4096)
  t.notMatch(JSON.stringify(message), 'rtsp', 'a camera has no address outside the box')
})

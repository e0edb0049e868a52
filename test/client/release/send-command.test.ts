/** `bundle send` up to where the sending begins; that is send.test.ts, and whole in test/e2e/send-bundle.long.ts. */
import { join } from 'node:path'
import t from 'tap'
import { otherBundle } from '../../contract/other-bundle.js'
import { run } from '../run.js'

t.test('what cannot be sent is said before a broker is asked', async (t) => {
  const dir = t.testdir({ empty: {} })
  const device = ['--device', 'gate-1']
  t.match(await run(['bundle', 'send', join(dir, 'none.tar.gz'), ...device]), { code: 3, err: /none\.tar\.gz/ })
  t.match(await run(['bundle', 'send', join(dir, 'empty'), ...device]), { code: 3, err: /manifest\.json/ })
  t.match(await run(['bundle', 'send', dir, '--device', 'Gate 1']), { code: 2, err: /--device Gate 1/ })
  t.match(await run(['bundle', 'send', dir, ...device, '--timeout', 'long']), { code: 2, err: /--timeout long/ })
})

t.test('no broker: exit code 4', async (t) => {
  const args = ['--device', 'gate-1', '--broker', 'mqtt://127.0.0.1:1', '--timeout', '1']
  t.match(await run(['bundle', 'send', otherBundle(t.testdir()), ...args]), { code: 4, err: /127\.0\.0\.1:1/ })
})

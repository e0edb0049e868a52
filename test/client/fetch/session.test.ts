import t from 'tap'
import { listArchive } from '../../../client/fetch/list.js'
import { withArchive } from '../../../client/fetch/session.js'
import { Box } from '../box.js'
import { boot, makeBundle, makeFrame } from '../bundle.js'
import { Mosquitto } from '../mosquitto.js'

const settings = (url: string) => ({ url, clientId: `t-${process.pid}-${Math.random()}`, sessionSeconds: 0 })

t.test('as long as the work takes, and what it throws is thrown', async (t) => {
  const broker = await Mosquitto.start()
  const box = await Box.start(broker.url)
  t.teardown(() => Promise.all([box.stop(), broker.stop()]))
  box.archive.set(`street/${boot}/0`, makeFrame(makeBundle(t.testdir()), 0))
  const target = { broker: settings(broker.url), base: 'blindsight', device: 'gate-1', timeoutMs: 600_000 }
  const refs: string[] = []
  await withArchive(target, t.fail, async (requester) => {
    for await (const { ref } of listArchive(requester, {})) refs.push(ref)
  })
  t.strictSame(refs, [`street/${boot}/0`])
  const failure = new Error('of the work')
  await t.rejects(
    withArchive({ ...target, broker: settings(broker.url) }, t.fail, () => Promise.reject(failure)),
    failure,
  )
})

t.test('without a broker there is no work', async (t) => {
  const target = { broker: settings('mqtt://127.0.0.1:1'), base: 'b', device: 'gate-1' }
  await t.rejects(
    withArchive(target, t.fail, async () => void t.fail('it began')),
    { code: 'broker', message: /127\.0\.0\.1:1/ },
  )
})

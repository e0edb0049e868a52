import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { follow } from '../../../client/listen/follow.js'
import type { Gap } from '../../../client/listen/ledger.js'
import { until } from '../../e2e/until.js'
import { Box, classifyResult, eventMessage } from '../box.js'
import { Mosquitto } from '../mosquitto.js'

async function brokerFor(t: Test): Promise<Mosquitto> {
  const broker = await Mosquitto.start()
  t.teardown(() => broker.stop())
  return broker
}

t.test('each message once, gaps and what is none of ours told', async (t) => {
  const broker = await brokerFor(t)
  const box = await Box.start(broker.url)
  t.teardown(() => box.stop())
  const gaps: Gap[] = []
  const notices: string[] = []
  const messages = follow({
    broker: { url: broker.url },
    gap: (gap) => gaps.push(gap),
    notice: (line) => notices.push(line),
  })
  const first = messages.next()
  // Subscribed or not, the first that arrives is one of these.
  const publishing = new AbortController()
  void (async () => {
    while (!publishing.signal.aborted) {
      await box.result(0)
      await wait(20)
    }
  })()
  t.match(await first, { value: { kind: 'cls', key: { dev: 'gate-1', cam: 'street', seq: 0 } } })
  publishing.abort()
  for (const seq of [0, 1, 1, 4]) await box.result(seq)
  await box.publish(box.topics.result('cls', 'street'), '{')
  for (let i = 0; i < 2; i++) await box.publish(box.topics.result('evt', 'street'), eventMessage('e', 'start', 4))
  await box.result(5)
  const rest = [await messages.next(), await messages.next(), await messages.next(), await messages.next()]
  t.match(
    rest.map(({ value }) => [value.kind, value.key.seq]),
    [
      ['cls', 1],
      ['cls', 4],
      ['evt', 4],
      ['cls', 5],
    ],
  )
  t.match(gaps, [{ from: 2, to: 3, kind: 'cls' }])
  t.match(notices, [/invalid message ignored, blindsight\/v1\/gate-1\/cam\/street\/cls/])
  await messages.return(undefined)
})

t.test('what comes while the program is away waits, and a message that was being worked on comes again', async (t) => {
  const broker = await brokerFor(t)
  const box = await Box.start(broker.url, 'gate-2')
  t.teardown(() => box.stop())
  const settings = { url: broker.url, clientId: 'mine', sessionSeconds: 60, durable: true }
  const options = { broker: settings, device: 'gate-2' }
  const publish = (seq: number) => box.publish(box.topics.result('cls', 'street'), classifyResult(seq, false, 'gate-2'))
  let got = -1
  const first = follow(options)
  const reading = first.next().then(({ value }) => {
    got = value?.key.seq
  })
  await until('it to listen', async () => {
    await publish(0)
    return got === 0
  })
  await reading
  // Asked for no more: 0 is not acknowledged.
  await first.return(undefined)
  await publish(1)
  const seqs = new Set<number>()
  for await (const { key } of follow(options)) {
    seqs.add(key.seq)
    if (seqs.has(1)) break
  }
  t.strictSame([...seqs], [0, 1])
})

t.test('ends with its signal, also while nothing comes', async (t) => {
  const broker = await brokerFor(t)
  const ending = new AbortController()
  const messages = follow({ broker: { url: broker.url }, base: 'quiet', signal: ending.signal })
  const next = messages.next()
  setImmediate(() => ending.abort())
  t.match(await next, { done: true })
  await t.rejects(follow({ broker: { url: 'mqtt://127.0.0.1:1' } }).next(), { code: 'broker' })
})

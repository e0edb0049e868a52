/** A collector on a stream of a real nats-server, which boxes reach by MQTT 3.1.1. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import mqtt from 'mqtt'
import t from 'tap'
import { type CollectOptions, collect } from '../../../client/collect/collect.js'
import { openJetStream } from '../../../client/collect/jetstream.js'
import { openStore } from '../../../client/store/open.js'
import { type Store, StoreError } from '../../../client/store/store.js'
import { until } from '../../e2e/until.js'
import { natsCluster } from '../../fleet/nats.js'
import { classifyResult } from '../box.js'

t.test('each message once, by whichever collector; a store that is away loses none', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'blindsight-nats-'))
  const [node] = await natsCluster(dir, 1)
  node.program.start()
  const box = await until('NATS to answer', () =>
    mqtt.connectAsync(node.mqtt, { protocolVersion: 4, connectTimeout: 1000 }, false).catch(() => undefined),
  )
  const real = await openStore(join(dir, 'fleet.sqlite'))
  let away = false
  const store: Store = {
    ...real,
    async commit(messages, at) {
      if (away) throw new StoreError('away', 'gone')
      return real.commit(messages, at)
    },
  }
  const collector = (name: string) => {
    const ending = new AbortController()
    const lines: string[] = []
    const options: CollectOptions = {
      broker: { url: node.mqtt, clientId: name, sessionSeconds: 60, durable: true, unacknowledged: 100 },
      ...{
        base: 'blindsight',
        group: 'g',
        bits: true,
        jetstream: { servers: node.nats, replicas: 1, ackWaitMs: 3000 },
      },
      patience: { roundMs: 100, gapMs: 1e6, quietMs: 1e6, askPerSecond: 50 },
    }
    const over = collect(options, store, undefined, (line) => lines.push(line), ending.signal)
    const stop = () => {
      ending.abort()
      return over
    }
    return { stop, ready: until('it to collect', () => lines.some((line) => /^collecting/.test(line))) }
  }
  const [first, second] = [collector('one'), collector('two')]
  await Promise.all([first.ready, second.ready])
  const publish = (seq: number) =>
    box.publishAsync('blindsight/v1/gate-1/cam/street/cls', JSON.stringify(classifyResult(seq)), { qos: 1 })
  for (let seq = 0; seq < 50; seq++) await publish(seq)
  const frames = async () => (await real.coverage()).reduce((n, one) => n + one.frames, 0)
  await until('the first fifty', async () => (await frames()) === 50)
  away = true
  for (let seq = 50; seq < 80; seq++) await publish(seq)
  await first.stop()
  away = false
  // What the first had and did not acknowledge comes again, to the second.
  await until('the others', async () => (await frames()) === 80)
  t.match(await real.coverage(), [{ frames: 80, missing: [] }])
  await second.stop()
  await box.endAsync(true)
  await real.close()
  await node.program.end('SIGTERM')
  rmSync(dir, { recursive: true, force: true })
})

t.test('what a stream lacks that somebody else has made is said, with how to add it', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'blindsight-nats-'))
  const [node] = await natsCluster(dir, 1)
  node.program.start()
  const nats = await until('NATS to answer', () => connect({ servers: node.nats }).catch(() => undefined))
  await until('JetStream', async () =>
    (await jetstreamManager(nats)).streams
      .add({ name: 'blindsight', subjects: ['blindsight.v1.*.cam.>', 'blindsight.v1.*.hist.*.*'] })
      .catch(() => undefined),
  )
  const lines: string[] = []
  const options = { servers: node.nats, base: 'blindsight', group: 'g', replicas: 1, bits: true }
  const stream = await openJetStream(options, { message() {}, notice: (line) => lines.push(line) })
  t.match(lines, [
    /^the stream blindsight lacks .* blindsight\.v1\.\*\.bits\.\*: .* nats stream edit blindsight --subjects='blindsight\.v1.*,blindsight\.v1\.\*\.bits\.\*'$/,
  ])
  await stream.close()
  await nats.close()
  await node.program.end('SIGTERM')
  rmSync(dir, { recursive: true, force: true })
})

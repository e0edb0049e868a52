/** Client and box, on a wire between them that loses messages. */
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parseConfig } from '../../../agent/config/load.js'
import { Deliveries } from '../../../agent/deliveries.js'
import { silentLog } from '../../../agent/log.js'
import { Requests, type Store } from '../../../agent/retrieve/requests.js'
import { readChoice } from '../../../agent/updates/choice.js'
import { Trial } from '../../../agent/updates/trial.js'
import { Requester } from '../../../client/fetch/requester.js'
import { keygen, signBundle } from '../../../client/release/keys.js'
import { sendBundle } from '../../../client/release/send.js'
import { readLoose } from '../../../contract/bundle-file.js'
import { Topics } from '../../../contract/topics.js'
import { otherBundle, otherBytes, withFile } from '../../contract/other-bundle.js'

const topics = new Topics('blindsight', 'box')

interface Wishes {
  readonly bundles?: object
  readonly top?: object
  /** What becomes of a request: `request`: it is lost; `answer`: its answer is. */
  readonly lost?: (count: number, bytes: number) => 'request' | 'answer' | undefined
}

function setting(t: Test) {
  const dir = t.testdir()
  const stateDir = join(dir, 'state')
  const { raw: publicKey } = keygen(join(dir, 'key'))
  const box = ({ bundles, top, lost = () => undefined }: Wishes = {}) => {
    const config = parseConfig(
      JSON.stringify({
        ...{ stateDir, cameras: [{ id: 'a', source: 'x.mp4' }], archive: { minFreeMegabytes: 1 } },
        bundles: { publicKey, overMqtt: true, ...bundles },
        ...top,
      }),
      'box.yaml',
    )
    const state = { reloads: 0, requests: 0, sent: 0 }
    const begin = () => new Deliveries(config, silentLog, () => void state.reloads++)
    let deliveries = begin()
    const requests = new Requests(
      {} as Store,
      topics,
      { cam: [], class: [], zone: [] },
      () => [],
      () => {},
      () => 1000 * state.requests,
      (request) => deliveries.answer(request),
    )
    const requester: Requester = new Requester(topics, {
      async publish(topic, payload, { topic: responseTopic, correlation }) {
        const what = lost(state.requests++, payload.length)
        if (what === 'request') throw new Error('lost')
        const asked = { topic, payload: Buffer.from(payload), responseTopic, correlationData: Buffer.from(correlation) }
        requests.handle(asked, (_, answer, correlation) => {
          if (what === undefined)
            setImmediate(() => requester.receive({ topic: responseTopic, payload: Buffer.from(answer), correlation }))
        })
        if (what === 'answer') throw new Error('lost')
      },
    })
    const send = async (folder: string, more: { use?: boolean; room?: number } = {}) =>
      sendBundle(requester, await readLoose(folder), {
        use: more.use ?? false,
        messageBytes: () => more.room ?? Number.POSITIVE_INFINITY,
        sent: (bytes) => {
          state.sent += bytes
        },
        frameWithinMs: 5000,
      })
    const restart = () => {
      deliveries = begin()
    }
    return { send, state, restart }
  }
  return { dir, stateDir, box }
}

t.test('a bundle comes over a wire that loses messages, to a box that is restarted', async (t) => {
  const { dir, stateDir, box } = setting(t)
  const folder = otherBundle(dir)
  otherBytes(folder, 'encoder.onnx')
  await signBundle(folder, join(dir, 'key'))
  let largest = 0
  const lost = (count: number, bytes: number) => {
    largest = Math.max(largest, bytes)
    if (count === 12) restart()
    return count % 5 === 4 ? 'request' : count % 7 === 6 ? 'answer' : undefined
  }
  const { send, state, restart } = box({ lost })
  t.equal(await send(folder, { room: 60_000 }), 'added')
  t.ok(largest > 55_000 && largest <= 60_000, 'parts are as large as the broker takes them')
  const { length } = readFileSync(join(folder, 'encoder.onnx'))
  t.equal(state.sent, length, 'only what the box had not')
  t.strictSame(readdirSync(join(stateDir, 'bundles')), ['field-2'])
  t.equal(state.reloads, 0)

  await t.test('and is used', async (t) => {
    const before = state.requests
    const trial = new Trial(stateDir)
    const frame = setInterval(() => {
      if (state.reloads === 0) return
      trial.begin()
      trial.proven('field-2')
    }, 10)
    t.teardown(() => clearInterval(frame))
    t.equal(await send(folder, { use: true }), 'running')
    t.equal(state.reloads, 1)
    t.equal(state.sent, length, 'nothing was sent again')
    t.ok(state.requests - before < 8)
    t.match(readChoice(stateDir), { use: 'field-2', trial: undefined })
    t.equal(await send(folder, { use: true }), 'running', 'once more')
    t.equal(state.reloads, 1)
  })

  await t.test('or comes back, and that is said', async (t) => {
    const other = otherBundle(dir, 'field-3')
    await signBundle(other, join(dir, 'key'))
    cpSync(other, join(stateDir, 'bundles', 'field-3'), { recursive: true })
    const frame = setInterval(() => {
      if (state.reloads < 2) return
      new Trial(stateDir).begin()
    }, 10)
    t.teardown(() => clearInterval(frame))
    await t.rejects(send(other, { use: true }), {
      code: 'answer',
      message: /the box answered refused, .*bundle field-3 did not run .*; field-2 came back/,
    })
  })
})

t.test('what is refused, and in which words', async (t) => {
  const { dir, stateDir, box } = setting(t)
  const folder = otherBundle(dir)
  await t.rejects(box().send(folder), { code: 'input', message: /not signed, bundle field-2/ })
  keygen(join(dir, 'other'))
  await signBundle(folder, join(dir, 'other'))
  await t.rejects(box().send(folder), {
    code: 'answer',
    message: /answered refused, .*is signed with key [0-9a-f]{16}, and only/,
  })
  await signBundle(folder, join(dir, 'key'))
  await t.rejects(box({ bundles: { overMqtt: false } }).send(folder), {
    message: /answered not_allowed, .*takes no bundles over MQTT/,
  })
  await t.rejects(box({ top: { bundle: 'lean-5' } }).send(folder, { use: true }), {
    message: /not_allowed, .*configuration names its bundle, lean-5/,
  })
  await t.rejects(box({ top: { archive: { minFreeMegabytes: 1e9 } } }).send(folder), {
    message: /refused, .*MB free; a bundle of 28 MB/,
  })
  await t.rejects(box().send(folder, { room: 5000 }), {
    code: 'broker',
    message: /takes messages of 5000 bytes, .*its manifest alone needs/,
  })
  await t.rejects(box({ lost: () => 'request' }).send(folder), {
    code: 'answer',
    message: /^lost, .*check that the box is online/,
  })
  const packaged = otherBundle(dir, 'lean-1', undefined, 'lean-5')
  await signBundle(packaged, join(dir, 'key'))
  await t.rejects(box().send(packaged), { message: /refused, .*lean-1 comes with the package/ })
  const broken = otherBundle(dir, 'field-4')
  withFile(broken, 'analyse.onnx', Buffer.from('no network'))
  await signBundle(broken, join(dir, 'key'))
  await t.rejects(box().send(broken), {
    message: /refused, .*bundle field-4 does not run here: analyse\.onnx: ONNX Runtime cannot run it/,
  })
  t.strictSame(existsSync(join(stateDir, 'bundles')) ? readdirSync(join(stateDir, 'bundles')) : [], [])
})

/** A collector, a real broker and small boxes. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import mqtt from 'mqtt'
import t, { type Test } from 'tap'
import { startEmbeddedBroker } from '../../../agent/publish/embedded.js'
import type { BrokerSettings } from '../../../client/broker/mqtt.js'
import { type CollectOptions, collect } from '../../../client/collect/collect.js'
import { Folder, type ObjectStore } from '../../../client/collect/objects.js'
import { verify } from '../../../client/collect/verify.js'
import { openStore } from '../../../client/store/open.js'
import { type Store, StoreError } from '../../../client/store/store.js'
import { readArchive } from '../../../codec/index.js'
import { sample } from '../../agent/http/sample.js'
import { frames, infoAt, records } from '../../codec/scene.js'
import { until } from '../../e2e/until.js'
import { Box, classifyResult, eventMessage } from '../box.js'
import { boot } from '../bundle.js'
import { Mosquitto } from '../mosquitto.js'

interface Running {
  readonly lines: string[]
  stop(): Promise<void>
}

let names = 0
const settings = (url: string, name: string): BrokerSettings => ({
  url,
  clientId: name,
  sessionSeconds: 60,
  durable: true,
  unacknowledged: 20,
})

function run(
  t: Test,
  store: Store,
  {
    objects,
    url,
    name = `c-${++names}`,
    ...more
  }: Partial<CollectOptions> & { url: string; objects?: ObjectStore; name?: string },
): Running {
  const lines: string[] = []
  const ending = new AbortController()
  const patience = { roundMs: 50, gapMs: 0, quietMs: 3_600_000, askPerSecond: 1000 }
  const options = { broker: settings(url, name), base: 'fleet', group: 'g', bits: true, patience, ...more }
  const over = collect(options, store, objects, (line) => lines.push(line), ending.signal)
  const stop = () => {
    ending.abort()
    return over
  }
  t.teardown(stop)
  return { lines, stop }
}

const started = ({ lines }: Running) =>
  until('the collector to collect', () => lines.some((line) => /^collecting/.test(line)))
const fleet = async (t: Test): Promise<Store> => {
  const store = await openStore(join(t.testdir(), 'fleet.sqlite'))
  t.teardown(() => store.close())
  return store
}
async function brokerFor(t: Test): Promise<string> {
  const broker = await Mosquitto.start({ config: ['max_queued_messages 0'] })
  t.teardown(() => broker.stop())
  return broker.url
}
async function boxOn(t: Test, url: string): Promise<Box> {
  const box = await Box.start(url, 'gate-1', 'fleet')
  t.teardown(() => box.stop())
  await box.publish(box.topics.state(), { v: 1, state: 'online', session: 's', ts: '2026-05-01T08:00:00Z' }, true)
  return box
}
const framesIn = async (store: Store) => (await store.coverage()).reduce((n, one) => n + one.frames, 0)

t.test('what comes is kept once, by whichever collector of the group, across a restart', async (t) => {
  const url = await brokerFor(t)
  const store = await fleet(t)
  const box = await boxOn(t, url)
  const first = run(t, store, { url, name: 'one' })
  const second = run(t, store, { url, name: 'two' })
  await Promise.all([started(first), started(second)])
  for (let seq = 0; seq < 60; seq++) {
    await box.result(seq)
    if (seq === 20) await first.stop()
    // While it is away the broker keeps what would be its share.
    if (seq === 40) await started(run(t, store, { url, name: 'one' }))
  }
  await box.result(59)
  await box.publish(box.topics.result('evt', 'street'), eventMessage('street-1', 'start', 3))
  await until('all to be there', async () => (await framesIn(store)) === 60 && (await store.totals()).events === 1)
  t.match(await store.coverage(), [{ frames: 60, missing: [], gone: [] }])
})

t.test('what is missing comes from the box; what it has no more is gone', async (t) => {
  const url = await brokerFor(t)
  const store = await fleet(t)
  const box = await boxOn(t, url)
  const running = run(t, store, { url })
  await started(running)
  for (const seq of [3, 4, 6]) box.results.add(seq)
  for (const seq of [2, 7]) await box.result(seq)
  await until('the gap to be closed', async () => {
    const [one] = await store.coverage()
    return one?.missing.length === 0 && one.frames === 5
  })
  const [{ gone }] = await store.coverage()
  t.strictSame(gone, [{ from: 5, to: 5, reason: 'not in the archive of the box' }])
  t.equal(await verify(store, undefined, {}, () => {}), true, 'which is no failure')
  // What came last of a run, once another one has begun.
  box.results.add(8)
  box.results.add(9)
  const ts = '2026-05-01T09:00:00.000Z'
  for (const seq of [0, 9])
    await box.publish(box.topics.result('cls', 'street'), { ...classifyResult(seq), boot: 'f'.repeat(16), ts })
  await until('what came last', async () => {
    const one = (await store.coverage()).find(({ stream }) => stream.boot === boot)
    return one?.last === 9 && one.stream.closed
  })
  // Of a run that the box does not know, once that is over.
  const again = { ...classifyResult(0), boot: 'e'.repeat(16), ts: '2026-05-01T10:00:00.000Z' }
  await box.publish(box.topics.result('cls', 'street'), again)
  await until('the answer', async () => (await store.coverage()).some(({ gone }) => gone.some(({ to }) => to === 8)))
})

t.test('a broker that passes nothing on, and drops what came last: the box says how far it was', async (t) => {
  const url = await brokerFor(t)
  const store = await fleet(t)
  const running = run(t, store, { url })
  await started(running)
  const box = await boxOn(t, url)
  for (const seq of [0, 1, 2]) box.results.add(seq)
  const health = (cls: number) => {
    const [cam] = sample.health!.cams
    const cams = [{ ...cam, frames_left_out: 0, newest: { boot, cls } }]
    return box.publish(box.topics.health(), { ...sample.health, uptime_s: 0, cams }, true)
  }
  await health(2)
  await until('what never came', async () => (await framesIn(store)) === 3)
  await box.result(3)
  for (const seq of [3, 4, 5]) box.results.add(seq)
  await health(5)
  await until('what came last', async () => (await framesIn(store)) === 6)
  t.match(await store.coverage(), [{ last: 5, missing: [], gone: [] }])
  t.equal(running.lines.filter((line) => /passed it on/.test(line)).length, 1)
})

t.test('what is none of ours is kept as it came, said once, and holds nothing up', async (t) => {
  const url = await brokerFor(t)
  const store = await fleet(t)
  const box = await boxOn(t, url)
  const running = run(t, store, { url })
  await started(running)
  for (let i = 0; i < 3; i++) await box.publish(box.topics.result('cls', 'street'), '{"v":2')
  await box.publish(box.topics.result('cls', 'street'), { ...classifyResult(1), v: 2 })
  await box.publish(box.topics.health(), { v: 1 })
  await box.result(1)
  await until('the last one', async () => (await framesIn(store)) === 1)
  t.equal((await store.totals()).rejects, 5)
  t.equal(running.lines.filter((line) => /none of ours/.test(line)).length, 3)
})

t.test('a store that is away, and one that will never take a message', async (t) => {
  const url = await brokerFor(t)
  const real = await fleet(t)
  const box = await boxOn(t, url)
  let away = false
  const store: Store = {
    ...real,
    commit: async (messages, at) => {
      if (away) throw new StoreError('away', 'gone for lunch')
      if (messages.some(({ key }) => key.seq === 5)) throw new StoreError('refused', 'not a five')
      return real.commit(messages, at)
    },
  }
  const running = run(t, store, { url, name: 'patient' })
  await started(running)
  away = true
  for (let seq = 0; seq < 50; seq++) await box.result(seq)
  await until('it to say so', () => running.lines.some((line) => /nothing is acknowledged.*gone for lunch/.test(line)))
  t.equal(await framesIn(real), 0)
  away = false
  // But for the five all come, more than the broker sends ahead.
  await until('it to be there again', async () => (await framesIn(real)) === 49)
  t.ok(running.lines.some((line) => /the store is there again/.test(line)))
  t.ok(running.lines.some((line) => /will not take gate-1\/street cls #5.*not a five/.test(line)))
  t.equal((await real.totals()).rejects, 1)
})

t.test('two boxes with one name are told apart, and it is said', async (t) => {
  const url = await brokerFor(t)
  const store = await fleet(t)
  const box = await boxOn(t, url)
  const running = run(t, store, { url })
  await started(running)
  const other = 'f'.repeat(16)
  for (let seq = 0; seq < 8; seq++) {
    await box.result(seq)
    await box.publish(box.topics.result('cls', 'street'), { ...classifyResult(seq), boot: other })
  }
  await until('both', async () => (await framesIn(store)) === 16)
  t.equal(running.lines.filter((line) => /two boxes are called gate-1/.test(line)).length, 1)
  t.strictSame(new Set((await store.coverage()).map(({ stream }) => stream.boot)), new Set([boot, other]))
})

t.test('bitstreams become a file a segment, which verify reads', async (t) => {
  const url = await brokerFor(t)
  const store = await fleet(t)
  const dir = join(t.testdir({}), 'bitstreams')
  const objects = new Folder(dir)
  const box = await boxOn(t, url)
  // Nothing is asked of the box, which has none of them.
  const patience = { roundMs: 50, gapMs: 3_600_000, quietMs: 3_600_000, askPerSecond: 1000 }
  await started(run(t, store, { url, objects, patience }))
  const all = records(frames(1, 9), 'fast', 4)
  const { camera, boot: of } = infoAt(0)
  // One comes late, and one twice.
  for (const i of [0, 2, 1, 3, 3, 4, 5, 6, 7, 8]) await box.publish(box.topics.result('bits', camera), all[i])
  const folder = join(dir, 'gate-1', camera, of)
  const names = () => (existsSync(folder) ? readdirSync(folder).sort() : [])
  const file = (seq: number) => join(folder, names().find((name) => name.startsWith(`${seq}-`))!)
  await until('two segments', () => names().filter((name) => name.endsWith('.bsf')).length === 2)
  const seqs = [...readArchive(readFileSync(file(4)))].map((piece) => ('seq' in piece ? piece.seq : piece.kind))
  t.strictSame(seqs, ['index', 4, 5, 6, 7])
  await until('their rows', async () => (await store.totals()).records === 1)
  t.match((await store.segments({ limit: 9 })).items, [
    { sealed: true },
    { sealed: true },
    { frames: 1, sealed: false },
  ])
  const lines: string[] = []
  t.equal(await verify(store, objects, {}, (line) => lines.push(line)), true)
  t.match(lines, [/bits +9 of #0–8 · complete/, /9 there, 0 missing.*0 objects damaged/])
  writeFileSync(file(0), 'other')
  t.equal(await verify(store, objects, { json: true }, (line) => lines.push(line)), false)
  t.match(lines.at(-1), /is not what was put there/)
  t.strictSame(
    names().map((name) => name.replace(/-[0-9a-f]+\.bsf$/, '')),
    ['0-3', '4-7'],
    'nothing half-written is left',
  )
})

t.test('an object that is lost comes again from the box, once `verify --repair` has found it', async (t) => {
  const url = await brokerFor(t)
  const store = await fleet(t)
  const dir = join(t.testdir({}), 'bitstreams')
  const objects = new Folder(dir)
  const box = await boxOn(t, url)
  await started(run(t, store, { url, objects }))
  const { camera, boot: of } = infoAt(0)
  box.boots.add(of)
  const all = records(frames(1, 9), 'fast', 4)
  for (const bytes of all) await box.publish(box.topics.result('bits', camera), bytes)
  const folder = join(dir, 'gate-1', camera, of)
  const sealed = () => (existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.bsf')) : [])
  await until('two segments', async () => sealed().length === 2 && (await store.totals()).records === 1)
  const file = join(folder, sealed().find((name) => name.startsWith('4-'))!)
  const bytes = readFileSync(file)
  for (let seq = 0; seq < 9; seq++) box.results.add(seq)
  for (let seq = 4; seq < 8; seq++) box.archive.set(`${camera}/${of}/${seq}`, bytes)
  rmSync(file)
  const lines: string[] = []
  const look = (repair = false) => verify(store, objects, { repair }, (line) => lines.push(line))
  t.equal(await look(), false)
  t.match(lines, [/#0–8 · complete/, /object is not there, .*4-7/, /1 objects damaged/])
  t.equal(await look(true), false)
  await until('it to be whole again', async () => sealed().length === 2 && look())
  t.match(lines.slice(-2), [/bits +9 of #0–8 · complete/, /9 there, 0 missing, 0 gone.*0 objects damaged/])
  t.strictSame(readFileSync(join(folder, sealed().find((name) => name.startsWith('4-'))!)), bytes, 'byte by byte')
})

t.test('a broker that does not divide messages: each collector gets all, and the store keeps each once', async (t) => {
  const embedded = await startEmbeddedBroker(0)
  t.teardown(() => embedded.stop())
  const store = await fleet(t)
  // It speaks 3.1.1, as boxes then do.
  const box = await mqtt.connectAsync(embedded.url, { protocolVersion: 4 })
  t.teardown(() => box.endAsync(true))
  const two = [run(t, store, { url: embedded.url }), run(t, store, { url: embedded.url })]
  await Promise.all(two.map(started))
  for (let seq = 0; seq < 10; seq++)
    await box.publishAsync('fleet/v1/gate-1/cam/street/cls', JSON.stringify(classifyResult(seq)), { qos: 1 })
  await until('all to be there', async () => (await framesIn(store)) === 10)
  t.match(await store.coverage(), [{ frames: 10, missing: [] }])
  for (const { lines } of two) t.equal(lines.filter((line) => /does not divide messages/.test(line)).length, 1)
})

t.test('whatever is wrong is said once, counted on /metrics, and nothing of it is lost', async (t) => {
  const url = await brokerFor(t)
  const real = await fleet(t)
  let full = false
  const store: Store = {
    ...real,
    commit: async (messages, at) => {
      if (full) throw new StoreError('full', 'no room')
      return real.commit(messages, at)
    },
  }
  const box = await boxOn(t, url)
  const running = run(t, store, { url, http: { host: '127.0.0.1', port: 0 } })
  await started(running)
  const topic = box.topics.result('cls', 'street')
  for (let i = 0; i < 2; i++) {
    await box.publish(topic, '{"v":1')
    await box.publish(topic, { ...classifyResult(1), v: 2 })
    // Sound, but for its size.
    await box.publish(topic, Buffer.alloc(9 * 2 ** 20, ' '))
    await box.publish(topic, { ...classifyResult(i), ts: '2035-01-01T00:00:00.000Z' })
    await box.publish(topic, { ...classifyResult(2 + i), ts: '1970-01-01T00:00:00.000Z', clk: 'unsynced' })
  }
  const other = 'f'.repeat(16)
  for (let seq = 4; seq < 10; seq++) {
    await box.result(seq)
    await box.publish(topic, { ...classifyResult(seq - 4), boot: other })
  }
  await until('all of it', async () => (await framesIn(real)) === 16)
  full = true
  await box.result(10)
  await until('the store to be full', () => running.lines.some((line) => /nothing is acknowledged.*no room/.test(line)))
  full = false
  await until('room', async () => (await framesIn(real)) === 17)
  t.equal((await real.totals()).rejects, 6)
  const place = running.lines
    .find((line) => line.startsWith('/metrics'))!
    .split(' ')
    .at(-1)
  const metrics = await (await fetch(`${place}/metrics`)).text()
  const value = (name: string) => Number(new RegExp(`^blindsight_collect_${name} (\\S+)$`, 'm').exec(metrics)?.[1])
  t.strictSame(
    ['invalid_total', 'wrong_clock_total', 'store_outages_total{why="full"}', 'store_up', 'broker_shares'].map(value),
    [6, 4, 1, 1, 1],
  )
  t.ok(value('device_conflicts_total') >= 1)
  for (const [text, times] of [
    [/none of ours/, 3],
    [/bytes, more than any message/, 1],
    [/clock of gate-1 is wrong/, 1],
    [/two boxes are called gate-1/, 1],
    [/nothing is acknowledged/, 1],
  ] as const)
    t.equal(running.lines.filter((line) => text.test(line)).length, times, `${text}`)
})

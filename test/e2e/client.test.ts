/** `blindsight subscribe` at a running box: each result once, and what never came is said, with its exit code. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { unpack } from '../../agent/archive/packed.js'
import { Decoder, readArchive } from '../../codec/index.js'
import { openBundle } from '../../contract/bundle.js'
import { codingOf } from '../../contract/coding.js'
import { ClassifyResult } from '../../contract/messages.js'
import { Topics } from '../../contract/topics.js'
import { Mosquitto } from '../client/mosquitto.js'
import { seeingAllBundle } from '../contract/analysing-bundle.js'
import { tool } from '../tool.js'
import { blindsight, type Ended, Program } from './program.js'
import { camera, clip, committed, configFile, device, missing, outboxRows, query } from './setting.js'
import { Subscriber } from './subscriber.js'
import { until } from './until.js'

/** Many results, and none is looked at: the networks need not work much. */
const small = { width: 64, height: 64 }
const cls = new Topics('blindsight', device).result('cls', camera)

t.test('blindsight subscribe', async (t) => {
  const broker = await Mosquitto.start()
  t.teardown(() => broker.stop())
  const dir = t.testdir()
  const agent = Program.start(['run', '--config', await configFile(dir, { broker: broker.url, camera: small })])
  t.teardown(() => agent.kill())
  const follow = (...args: string[]) => ['subscribe', '--broker', broker.url, '--json', '--timeout', '600', ...args]
  await until('frames', () => committed(dir).length > 5)

  await t.test('N results without a gap: exit code 0', async (t) => {
    const ended = await blindsight(follow('--count', '12'))
    t.equal(ended.code, 0, ended.err)
    t.match(summary(ended), { results: 12, duplicates: 0, missing: 0, gaps: [] })
    for (const kind of ['cls', 'seg']) {
      const seqs = printed(ended).flatMap((result) => (kind in result ? [result.seq] : []))
      t.ok(seqs.length >= 5, `${seqs.length} of ${kind}`)
      t.strictSame(seqs, consecutive(seqs), `${kind}: one after the other`)
    }
  })

  await t.test('what the broker delivers twice is printed once', async (t) => {
    const witness = await Subscriber.start({ port: broker.port, version: '5', filters: [cls] })
    t.teardown(() => witness.stop())
    const client = Program.start(follow('--count', '30'))
    t.teardown(() => client.kill())
    await until('results', () => lines(client).length >= 4)
    const message = await until('the same at the witness', () => {
      const seen = new Set(lines(client).map((line) => line.seq))
      return witness.on(cls).findLast(({ payload }) => seen.has(JSON.parse(payload.toString()).seq))
    })
    const again = ['-V', '5', '-p', String(broker.port), '-q', '1', '-t', cls, '-s']
    for (let i = 0; i < 2; i++) execFileSync(tool('mosquitto_pub'), again, { input: message.payload })
    const ended = await client.ended()
    t.equal(ended.code, 0, ended.err)
    t.match(summary(ended), { results: 30, duplicates: 2, missing: 0 })
    const { seq } = ClassifyResult.parse(JSON.parse(message.payload.toString()))
    t.equal(printed(ended).filter((result) => 'cls' in result && result.seq === seq).length, 1)
  })

  await t.test('what the broker forgot while we were away is missing: exit code 6', async (t) => {
    // It keeps nothing over its death, and this client is asleep when the agent delivers what had waited.
    const client = Program.start(follow('--count', '60'))
    t.teardown(() => client.kill())
    await until('results', () => lines(client).length >= 4)
    client.child.kill('SIGSTOP')
    await broker.kill()
    await until('a backlog', () => outboxRows(dir) >= 5)
    await broker.up()
    await until('its delivery', () => outboxRows(dir) <= 2)
    client.child.kill('SIGCONT')
    const ended = await client.ended()
    t.equal(ended.code, 6, ended.err)

    const { missing: count, gaps, results } = summary(ended)
    t.equal(results, 60)
    t.ok(count >= 10, `${count} missing, five frames of two results waited`)
    t.match(ended.err, new RegExp(`missing so far, ${device}/${camera} cls boot [0-9a-f]{16}: seq \\d+ to \\d+`))
    for (const kind of ['cls', 'seg']) {
      const seqs = new Set(printed(ended).flatMap((result) => (kind in result ? [result.seq] : [])))
      const said = gaps.filter((gap) => gap.kind === kind).flatMap(({ from, to }) => range(from, to))
      const truth = range(Math.min(...seqs), Math.max(...seqs)).filter((seq) => !seqs.has(seq))
      t.strictSame(said, truth, `${kind}: exactly what was not printed`)
      const archived = new Set(committed(dir).map(({ seq }) => seq))
      t.ok(
        said.every((seq) => archived.has(seq)),
        'and the box still has it',
      )
    }
    t.notMatch(ended.err, /^\s+at /m)
  })

  await t.test('nobody of that name: exit code 5, and what to check', async (t) => {
    const ended = await blindsight([...follow('--device', 'gate-2', '--count', '1'), '--timeout', '2'])
    t.equal(ended.code, 5)
    t.match(ended.err, /0 of 1 results after 2 s.*--device/)
  })
  t.equal((await agent.terminate()).code, 0)
})

t.test('cameras that leave frames out: no gap, what comes decodes, and the archive has all', async (t) => {
  const broker = await Mosquitto.start()
  t.teardown(() => broker.stop())
  const dir = t.testdir()
  const bundle = seeingAllBundle(join(dir, 'bundle'))
  const policies = { change: 'on_change', event: 'events', clock: { everySeconds: 1 } }
  const shared = { ...small, source: clip, stallSeconds: 600, events: [{ class: 'person' }] }
  const cameras = Object.entries(policies).map(([id, publish]) => ({ id, publish, ...shared }))
  const config = await configFile(dir, { broker: broker.url, top: { bundle, cameras } })
  const streams = join(dir, 'streams')
  const client = Program.start(['subscribe', '--broker', broker.url, '--json', '--bits', streams])
  t.teardown(() => client.kill())
  await until('the client to hear', () => {
    execFileSync(tool('mosquitto_pub'), ['-p', String(broker.port), '-q', '1', '-t', cls, '-m', '{}'])
    return client.err.includes('invalid message ignored')
  })
  const agent = Program.start(['run', '--config', config])
  t.teardown(() => agent.kill())
  const heard = (cam: string) => lines(client).filter((one) => 'cls' in one && one.cam === cam)
  await until('results', () => heard('change').length > 1 && heard('event').length > 20 && heard('clock').length > 2)
  t.equal((await agent.terminate()).code, 0)

  const rows = query(dir, 'SELECT cam, boot, seq, result FROM frames ORDER BY id') as {
    readonly cam: string
    readonly boot: string
    readonly seq: number
    readonly result: Buffer
  }[]
  const published = (cam: string, chain: string) =>
    rows.flatMap((row) => (row.cam === cam && chain in JSON.parse(unpack(row.result)).prev ? [row.seq] : []))
  const saved = () =>
    readdirSync(streams).flatMap((file) => {
      const decoder = new Decoder(codingOf(openBundle(bundle)))
      return [...readArchive(readFileSync(join(streams, file)))].flatMap((piece) => {
        if (piece.kind === 'damage') throw piece.error
        return piece.kind === 'index' ? [] : [[file.split('-')[0], decoder.decode(piece).frame.seq] as const]
      })
    })
  for (const cam of Object.keys(policies)) {
    t.strictSame(missing(rows.filter((row) => row.cam === cam)), [], `${cam}: all are archived`)
    const results = published(cam, 'results')
    await until(`the last results of ${cam}`, () => heard(cam).at(-1)?.seq === results.at(-1))
    t.strictSame(
      heard(cam).map(({ seq }) => seq),
      results,
    )
    t.ok(results.length < rows.filter((row) => row.cam === cam).length, `${cam}: not all are published`)
    const bits = published(cam, 'bits')
    t.ok(bits.length > 0)
    const come = () => saved().flatMap(([of, seq]) => (of === cam ? [seq] : []))
    await until(`the last bitstream of ${cam}`, () => come().length >= bits.length)
    t.strictSame(
      come().sort((a, b) => a - b),
      bits,
      `${cam}: what comes decodes`,
    )
  }
  client.child.kill('SIGINT')
  const ended = await client.ended()
  t.equal(ended.code, 0, ended.err)
  t.match(summary(ended), { missing: 0, gaps: [], unusable: 0 })
})

interface Summary {
  readonly results: number
  readonly duplicates: number
  readonly missing: number
  readonly gaps: readonly { readonly kind: string; readonly from: number; readonly to: number }[]
}

/** The last line on stderr. */
const summary = ({ err }: Ended): Summary => JSON.parse(err.trim().split('\n').at(-1)!)

const lines = (client: Program) => printed({ out: client.out.slice(0, client.out.lastIndexOf('\n') + 1) })

const printed = ({ out }: { out: string }): { seq: number; cam: string }[] =>
  out
    .split('\n')
    .filter((line) => line)
    .map((line) => JSON.parse(line))

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)
const consecutive = (seqs: readonly number[]): number[] => range(seqs[0]!, seqs[0]! + seqs.length - 1)

/** The released networks in their thread. */
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Engine } from '../../../agent/infer/engine.js'
import type { Opening } from '../../../agent/infer/messages.js'
import { StaticCoder } from '../../../codec/index.js'
import { openBundle } from '../../../contract/bundle.js'
import { decodeRuns } from '../../../contract/rle.js'
import { withFile } from '../../contract/other-bundle.js'

const root = join(import.meta.dirname, '..', '..', '..')
const released = join(root, 'models', 'bundles', 'lean-1')
const script = new URL(`file://${root}/dist/agent/infer/worker.js`)
const size = { width: 96, height: 64 }
/** How an inference thread begins: from then on the other two can be. */
const BEGINS = `import { parentPort, workerData } from 'node:worker_threads'
  const { entropy, context } = workerData.bundle
  const code = (more) => workerData.toCoder.postMessage({ cam: 'a', profile: 'static', key: true, width: 96, height: 64, ...more })
  workerData.toCoder.postMessage({ entropy, context, stride: 8 })
  workerData.toLooker.postMessage({})`

const start = (t: Test, setup: object = {}, failed: (error: Error) => void = () => {}, worker = script) =>
  Engine.start(
    {
      bundle: openBundle(released),
      providers: ['cpu'],
      threads: 1,
      heads: ['classify', 'segment'],
      sizes: [size],
      ...setup,
    },
    t.testdirName,
    () => {},
    failed,
    { script: worker },
  )
const gate = { gate: 'off' as const, refreshSeconds: 2, restSeconds: 0.3 }
const cam = { id: 'a', ...size, heads: ['classify', 'segment'] as const, coding: 'static' as const, analyse: gate }
const bare = { ...cam, heads: [] }
const shot = (rgb: Uint8Array<ArrayBuffer>, bootMs = 0) => ({ rgb, bootMs })
const wish = (key: boolean) => ({ key, pressed: false, look: false })
const picture = (seed: number) =>
  shot(new Uint8Array(size.width * size.height * 3).map((_, i) => (Math.imul(i ^ seed, 2654435761) >>> 24) & 255))

t.test('a frame gives a payload, probabilities and a mask; its buffer comes back', async (t) => {
  const engine = await start(t)
  t.match(engine.providers, { encoder: 'cpu', classify: 'cpu', segment: 'cpu' })
  const first = picture(1)
  const frame = await engine.infer(first, cam, wish(true))
  t.equal(first.rgb.length, 0, 'it was handed over, not copied')
  t.equal(frame.buffer.byteLength, size.width * size.height * 3)
  const bundle = openBundle(released)
  const count = (16 * size.width * size.height) / 64
  const symbols = new StaticCoder(bundle.entropy).decode(frame.coded.payload, count)
  t.ok(symbols.every((s) => s < 6))
  t.equal(frame.probabilities!.length, 20)
  t.ok(Math.abs(frame.probabilities!.reduce((a, b) => a + b) - 1) < 1e-3)
  t.equal(decodeRuns(frame.runs!, (size.width * size.height) / 16).length, 384)
  t.ok(Math.abs(frame.fractions!.reduce((a, b) => a + b) - 1) < 1e-3)
  for (const stage of ['encode', 'classify', 'segment', 'code'] as const) t.ok(frame.ms[stage]! > 0)
  const again = await engine.infer(picture(1), bare, wish(true))
  t.strictSame([again.probabilities, again.runs], [undefined, undefined])
  t.same(again.coded.payload, frame.coded.payload, 'the same frame, the same bitstream')
  await engine.stop()
})

t.test('on a picture that stays as it is an answer holds', async (t) => {
  const engine = await start(t)
  const still = { ...cam, analyse: { gate: 0.01, refreshSeconds: 2, restSeconds: 0 } }
  const first = await engine.infer(picture(1), still, wish(false))
  const second = await engine.infer(picture(1), still, wish(false))
  t.strictSame([first.held, second.held], [undefined, 'same'])
  t.same(
    [second.probabilities, second.runs, second.fractions, second.mask],
    [first.probabilities, first.runs, first.fractions, first.mask],
  )
  t.strictSame([second.ms.classify, second.ms.segment], [undefined, undefined])
  t.equal((await engine.infer(picture(1), { ...still, id: 'b' }, wish(false))).held, undefined, 'of this camera alone')
  t.equal((await engine.infer(picture(2), still, wish(false))).held, undefined, 'and of this picture')
  t.equal((await engine.infer({ ...picture(2), bootMs: 2000 }, still, wish(false))).held, undefined, 'and for a while')
  await engine.stop()
})

t.test('an engine without heads', async (t) => {
  const engine = await start(t, { heads: [] })

  await t.test('results come in the order of the calls, a bad job hurts nobody else', async (t) => {
    const order: number[] = []
    const jobs = [1, 2, 3].map((n) => engine.infer(picture(n), bare, wish(false)).then(() => order.push(n)))
    const bad = engine.infer(shot(new Uint8Array(7)), bare, wish(false))
    jobs.push(engine.infer(picture(4), bare, wish(false)).then(() => order.push(4)))
    await t.rejects(bad, { name: 'AgentError', code: 'engine', message: /inference failed/ })
    await Promise.all(jobs)
    t.strictSame(order, [1, 2, 3, 4])
  })

  await t.test('predicted frames, keyframes asked for, and one at a scene cut', async (t) => {
    const fast = { ...bare, coding: 'fast' as const }
    const keys: boolean[] = []
    const dark = () => shot(new Uint8Array(size.width * size.height * 3).fill(20))
    for (let i = 0; i < 6; i++)
      keys.push((await engine.infer(i < 4 ? picture(1) : dark(), fast, wish(i === 2))).coded.key)
    t.strictSame(keys, [true, false, true, false, true, false])
    const other = await engine.infer(picture(2), { ...fast, id: 'b' }, wish(false))
    t.equal(other.coded.key, true, 'another camera has a coder of its own')
  })

  await t.test('stop finishes the job under way', async (t) => {
    const job = engine.infer(picture(1), bare, wish(false))
    await engine.stop()
    t.ok((await job).coded.payload.length > 0)
  })
})

t.test('a frame that cannot be looked at, and a looking thread that dies: said once', async (t) => {
  const engine = await start(t)
  const wrong = engine.infer(picture(1), { ...cam, heads: ['analyse'] }, wish(false)) // which this bundle has not
  const after = engine.infer(picture(2), cam, wish(false))
  await t.rejects(wrong, { name: 'AgentError', code: 'engine', message: /inference failed/ })
  t.equal((await after).probabilities!.length, 20, 'the next one can')
  await engine.stop()

  const worker = `${BEGINS}
    parentPort.postMessage({ type: 'ready', providers: {} })
    parentPort.on('message', (message) => {
      if (message === 'stop') return void (workerData.toCoder.close(), parentPort.close())
      workerData.toLooker.postMessage(undefined)
    })`
  const file = join(t.testdir({ 'worker.mjs': worker }), 'worker.mjs')
  const deaths: string[] = []
  const dying = await start(t, { heads: [] }, ({ message }) => deaths.push(message), new URL(`file://${file}`))
  await t.rejects(dying.infer(picture(1), bare, wish(false)), /the looking thread died: .*undefined/)
  await t.rejects(dying.infer(picture(2), bare, wish(false)), /ended/)
  await dying.stop()
  t.equal(deaths.length, 1)
})

t.test('heads that do not run here: refused with the reason', async (t) => {
  const dir = t.testdir()
  cpSync(released, dir, { recursive: true })
  withFile(dir, 'segment.onnx', Buffer.from('no graph'))
  await t.rejects(start(t, { bundle: openBundle(dir) }), {
    exitCode: 3,
    message: /segment\.onnx: ONNX Runtime cannot run it/,
  })
})

t.test('threads: as the configuration says, or as they were measured', async (t) => {
  const one = await start(t)
  t.strictSame(one.threads, { encoder: 1, heads: 1 })
  await one.stop()
  const notes: string[] = []
  const setup = {
    bundle: openBundle(released),
    threads: 0,
    heads: ['classify'] as const,
    sizes: [size],
    framesPerSecond: 0.001,
  }
  const measured = await Engine.start(
    { ...setup, providers: ['cpu'] },
    t.testdirName,
    (note) => notes.push(note),
    () => {},
    { script },
  )
  t.strictSame(measured.threads, { encoder: 1, heads: 1 }, 'there is time enough')
  t.match(notes, [/^encoder: 1 thread \(.* ms with 1\)$/, /^heads: 1 thread \(.* ms with 1\)$/])
  await measured.stop()
})

t.test('the coding thread alone steps back', async (t) => {
  // proc(5): the 19th field of stat; names may have blanks.
  const threads = () =>
    readdirSync('/proc/self/task').map((id) =>
      Number(readFileSync(`/proc/self/task/${id}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[16]),
    )
  const back = Math.min(19, getPriority() + 10)
  const before = threads().filter((nice) => nice === back).length
  const engine = await start(t)
  t.equal(threads().filter((nice) => nice === back).length, before + 1)
  await engine.stop()
})

t.test('a provider that is not here is passed over, and the one that ran is named', async (t) => {
  const notes: string[] = []
  const setup = { bundle: openBundle(released), threads: 1, heads: [], sizes: [size] }
  const engine = await Engine.start(
    { ...setup, providers: ['tensorrt', 'cpu'] },
    t.testdir(),
    (n) => notes.push(n),
    () => {},
    { script },
  )
  t.equal(engine.providers.encoder, 'cpu')
  t.match(notes.join(), /tensorrt: not offered/)
  await engine.stop()
  await t.rejects(start(t, { providers: ['cuda'] }), { exitCode: 3, message: /cuda/ })
})

t.test('every step of the opening is told before it begins', async (t) => {
  const steps: string[] = []
  const setup = {
    bundle: openBundle(released),
    providers: ['cpu'] as const,
    threads: 1,
    heads: ['segment', 'classify'] as const,
  }
  const opens = ({ graph, number, of, size }: Opening) =>
    steps.push(`${number}/${of} ${graph} ${size ? `${size.width}x${size.height}` : 'opens'}`)
  const sizes = [size, { width: 64, height: 48 }]
  const nothing = () => {}
  const engine = await Engine.start({ ...setup, sizes }, t.testdirName, nothing, nothing, { script, opens })
  await engine.stop()
  const each = (graph: string) => [`${graph} opens`, `${graph} 96x64`, `${graph} 64x48`]
  t.strictSame(steps, [...each('1/3 encoder'), ...each('2/3 classify'), ...each('3/3 segment')])
})

t.test('a damaged network and a frame size that does not fit are refused with the reason', async (t) => {
  const dir = t.testdir()
  cpSync(released, dir, { recursive: true })
  const file = join(dir, 'encoder.onnx')
  const bytes = readFileSync(file)
  bytes[5000]! ^= 1
  writeFileSync(file, bytes)
  const setup = { providers: ['cpu'] as const, threads: 1, heads: [] as const, sizes: [size] }
  const open = (more: object) =>
    Engine.start(
      { bundle: openBundle(released), ...setup, ...more },
      dir,
      () => {},
      () => {},
      { script },
    )
  await t.rejects(open({ bundle: openBundle(dir) }), { exitCode: 3, message: /encoder\.onnx: .*damaged/ })
  await t.rejects(open({ sizes: [{ width: 100, height: 64 }] }), { message: /100x64 .*multiples of 16/ })
})

t.test('a thread that dies: said once, nothing waits for ever, and stopping still ends', async (t) => {
  const worker = `${BEGINS}
    parentPort.postMessage({ type: 'ready', providers: {} })
    parentPort.once('message', () => { throw new Error('no memory') })`
  const file = join(t.testdir({ 'worker.mjs': worker }), 'worker.mjs')
  const deaths: string[] = []
  const engine = await start(t, {}, ({ message }) => deaths.push(message), new URL(`file://${file}`))
  const jobs = [1, 2].map((n) => engine.infer(picture(n), bare, wish(false)))
  for (const result of await Promise.allSettled(jobs)) t.match(result, { reason: { message: /no memory/ } })
  await new Promise(setImmediate)
  await t.rejects(engine.infer(picture(3), bare, wish(false)), /ended/)
  await engine.stop()
  await engine.stop()
  t.strictSame(deaths, ['the inference thread died: no memory'])
})

t.test('a frame that cannot be coded, and a coding thread that dies: said once', async (t) => {
  // A job of 1 has symbols that no table knows, one of 2 none at all.
  const worker = `${BEGINS}
    parentPort.postMessage({ type: 'ready', providers: {} })
    parentPort.on('message', (message) => {
      if (message === 'stop') return void (workerData.toCoder.close(), parentPort.close())
      const { job, rgb } = message
      if (job === 2) return workerData.toCoder.postMessage(undefined)
      code({ job, symbols: new Uint8Array(16 * 96).fill(job === 1 ? 9 : 0) })
      parentPort.postMessage({ type: 'seen', seen: { job, buffer: rgb.buffer, ms: { encode: 1 } } })
    })`
  const file = join(t.testdir({ 'worker.mjs': worker }), 'worker.mjs')
  const deaths: string[] = []
  const engine = await start(t, {}, ({ message }) => deaths.push(message), new URL(`file://${file}`))
  const job = (n: number) => engine.infer(picture(n), bare, wish(false))
  const [good, bad] = await Promise.allSettled([job(0), job(1)])
  t.match(good, { value: { coded: { key: true }, ms: { encode: 1, code: Number } } })
  t.match(bad, { reason: { code: 'engine', message: /inference failed: symbol 9/ } })
  await t.rejects(job(2), /the coding thread died: .*undefined/)
  await t.rejects(engine.infer(picture(3), bare, wish(false)), /ended/)
  await engine.stop()
  t.equal(deaths.length, 1)
})

t.test('a frame that fails does not overtake the one before it, whose code is still to come', async (t) => {
  // The first is coded only when the second has failed.
  const worker = `${BEGINS}
    parentPort.postMessage({ type: 'ready', providers: {} })
    parentPort.on('message', (message) => {
      if (message === 'stop') return void (workerData.toCoder.close(), parentPort.close())
      const { job, rgb } = message
      if (job === 0) parentPort.postMessage({ type: 'seen', seen: { job, buffer: rgb.buffer, ms: { encode: 1 } } })
      else {
        parentPort.postMessage({ type: 'job-failed', job, buffer: rgb.buffer, message: 'no memory' })
        setTimeout(() => code({ job: 0, symbols: new Uint8Array(16 * 96) }), 20)
      }
    })`
  const file = join(t.testdir({ 'worker.mjs': worker }), 'worker.mjs')
  const engine = await start(t, {}, () => {}, new URL(`file://${file}`))
  const order: string[] = []
  const jobs = [0, 1].map((n) =>
    engine.infer(picture(n), bare, wish(false)).then(
      () => order.push(`${n} comes`),
      () => order.push(`${n} fails`),
    ),
  )
  await Promise.all(jobs)
  t.strictSame(order, ['0 comes', '1 fails'])
  await engine.stop()
})

t.test('a coding thread that cannot begin: refused with the reason, and as soon as it is known', async (t) => {
  const never = `import { workerData, parentPort } from 'node:worker_threads'
    const { entropy, context } = workerData.bundle
    const bytes = Uint8Array.from(context.bytes)
    bytes[4] = 99
    parentPort.once('message', () => process.exit())
    workerData.toCoder.postMessage({ entropy, context: { ...context, bytes }, stride: 8 })`
  const gone = `import { workerData, parentPort } from 'node:worker_threads'
    parentPort.once('message', () => process.exit())
    workerData.toCoder.close()`
  const files = t.testdir({ 'never.mjs': never, 'gone.mjs': gone })
  const begin = (name: string) => start(t, {}, () => {}, new URL(`file://${join(files, name)}`))
  await t.rejects(begin('never.mjs'), { name: 'AgentError', exitCode: 3, message: /context/ })
  await t.rejects(begin('gone.mjs'), /the coding thread ended, before it was ready/)
})

t.test('a coding thread that dies while the networks are still being opened', async (t) => {
  const worker = `${BEGINS}
    setTimeout(() => workerData.toCoder.postMessage(undefined), 100) // it is ready by then
    parentPort.once('message', () => process.exit())`
  const file = join(t.testdir({ 'worker.mjs': worker }), 'worker.mjs')
  await t.rejects(
    start(t, {}, () => {}, new URL(`file://${file}`)),
    /the coding thread died: .*, before it was ready/,
  )
})

t.test('an inference thread that dies takes the coding thread with it, and is the one that is named', async (t) => {
  const worker = `${BEGINS}
    parentPort.postMessage({ type: 'ready', providers: {} })
    parentPort.once('message', () => process.exit(7))`
  const file = join(t.testdir({ 'worker.mjs': worker }), 'worker.mjs')
  const deaths: string[] = []
  const engine = await start(t, {}, ({ message }) => deaths.push(message), new URL(`file://${file}`))
  await t.rejects(engine.infer(picture(0), bare, wish(false)), /the inference thread ended/)
  await engine.stop()
  t.strictSame(deaths, ['the inference thread ended'])
})

t.test('a thread that ends before it is ready', async (t) => {
  const file = join(t.testdir({ 'worker.mjs': 'process.exit(7)' }), 'worker.mjs')
  await t.rejects(
    start(t, {}, () => {}, new URL(`file://${file}`)),
    /thread ended/,
  )
})

t.test('told to end while the networks are opened: given up at once, and the process lives', async (t) => {
  for (let round = 0; round < 5; round++) {
    const ending = new AbortController()
    const setup = { bundle: openBundle(released), threads: 1, heads: ['classify'] as const, sizes: [size] }
    const started = Engine.start(
      { ...setup, providers: ['cuda', 'cpu'] }, // its note comes just before a native call
      t.testdirName,
      () => setTimeout(() => ending.abort(new Error('ending')), round),
      () => {},
      { script, ending: ending.signal },
    )
    await t.rejects(started, { message: 'ending' })
  }
  // The threads end after that; one that aborted the process would fail this file.
})

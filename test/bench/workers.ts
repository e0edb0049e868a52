/**
 * How the networks of several cameras are best run on the same cores: one thread with sessions of all cores, frame after frame; the same, four cameras'
 * frames in one batch; the encoder in one thread and the analyser in another, as the agent does; or a thread for each core, with both networks in sessions of one
 * thread of their own. Rounds alternate; figures are medians.
 */
import { once } from 'node:events'
import { isMainThread, MessageChannel, type MessagePort, parentPort, Worker, workerData } from 'node:worker_threads'
import { bundleDir } from '../../agent/bundles.js'
import { int8Of } from '../../agent/infer/bytes.js'
import type { Precision } from '../../agent/infer/networks.js'
import { Graph } from '../../agent/infer/onnx.js'
import { median } from '../../agent/stages.js'
import { graphPath, openBundle } from '../../contract/bundle.js'
import { clipFrames } from './frames.js'

const WIDTH = 448
const HEIGHT = 256
/** Of four cameras, so many moments. */
const CAMERAS = 4
const MOMENTS = 5
const ROUNDS = 7

interface Share {
  readonly bundle: string
  readonly precision: Precision
  readonly threads: number
  readonly batch: number
  readonly frames: readonly Uint8Array[]
  /** Symbols go there instead of through an analyser of its own, or come from there. */
  readonly to?: MessagePort
  readonly from?: MessagePort
}

/** For a frame. */
interface Spent {
  readonly ms: number
  readonly cpu_ms: number
}

export interface WorkersBench {
  readonly frame: string
  readonly one_thread: Spent
  readonly one_thread_batch_of_4: Spent
  readonly encoder_and_heads: Spent
  readonly encoder_and_heads_of_one_thread: Spent
  readonly worker_per_core: Spent
}

/** Encoder and analyser. */
export async function benchWorkers(bundle: string, threads: number, precision: Precision): Promise<WorkersBench> {
  const frames = await clipFrames(WIDTH, HEIGHT, CAMERAS * MOMENTS)
  const begin = async (share: Partial<Share>, ...transferList: MessagePort[]) => {
    const data: Share = { bundle, precision, threads, batch: 1, frames, ...share }
    const worker = new Worker(new URL(import.meta.url), { workerData: data, transferList })
    await once(worker, 'message')
    return worker
  }
  const all = async (count: number, share: Partial<Share>) =>
    await Promise.all(
      Array.from({ length: count }, (_, nth) =>
        begin({ ...share, frames: frames.filter((_, i) => i % count === nth) }),
      ),
    )
  /** The first is told to go, the last says when it is done. */
  const apart = async (ofEncoder: number, ofHeads: number) => {
    const { port1: to, port2: from } = new MessageChannel()
    return [await begin({ threads: ofEncoder, to }, to), await begin({ threads: ofHeads, from }, from)]
  }
  const ways = {
    one_thread: await all(1, {}),
    one_thread_batch_of_4: await all(1, { batch: CAMERAS }),
    encoder_and_heads: await apart(threads, 1),
    encoder_and_heads_of_one_thread: await apart(1, 1),
    worker_per_core: await all(threads, { threads: 1 }),
  }
  const spent: Record<string, Spent[]> = {}
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, workers] of Object.entries(ways)) {
      const [began, before] = [performance.now(), process.cpuUsage()]
      const done = workers.map((worker) => once(worker, 'message'))
      for (const worker of workers) worker.postMessage('go')
      await Promise.all(done)
      const { user, system } = process.cpuUsage(before)
      const one = { ms: (performance.now() - began) / frames.length, cpu_ms: (user + system) / 1000 / frames.length }
      spent[name] = [...(spent[name] ?? []), one]
    }
  await Promise.all(
    Object.values(ways)
      .flat()
      .map((worker) => worker.terminate()),
  )
  const of = (name: keyof typeof ways): Spent => {
    const middle = (what: keyof Spent) => Number(median(spent[name]!.map((one) => one[what])).toFixed(2))
    return { ms: middle('ms'), cpu_ms: middle('cpu_ms') }
  }
  return {
    frame: `${WIDTH}x${HEIGHT}`,
    one_thread: of('one_thread'),
    one_thread_batch_of_4: of('one_thread_batch_of_4'),
    encoder_and_heads: of('encoder_and_heads'),
    encoder_and_heads_of_one_thread: of('encoder_and_heads_of_one_thread'),
    worker_per_core: of('worker_per_core'),
  }
}

async function work({ bundle: name, precision, threads, batch, frames, to, from }: Share): Promise<void> {
  const bundle = openBundle(bundleDir(name))
  const { channels, stride } = bundle.manifest.latent
  const options = { providers: ['cpu'] as const, threads, note: () => {} }
  const encoder = from ? undefined : await Graph.open(graphPath(bundle, 'encoder'), options, [])
  const int8 = precision === 'float' ? undefined : int8Of(bundle)
  const analyser = to ? undefined : await Graph.open(int8 ?? graphPath(bundle, 'analyse'), options, [])
  const batches = Array.from({ length: frames.length / batch }, (_, i) => {
    const rgb = Buffer.concat(frames.slice(i * batch, (i + 1) * batch))
    return { data: new Uint8Array(rgb), dims: [batch, HEIGHT, WIDTH, 3] }
  })
  const analyse = (data: Uint8Array) =>
    analyser!.run({ data, dims: [batch, channels, HEIGHT / stride, WIDTH / stride] })
  const port = parentPort!
  let left = batches.length
  from?.on('message', async (symbols: Uint8Array) => {
    await analyse(symbols)
    if (--left > 0) return
    left = batches.length
    port.postMessage('done')
  })
  const all = async () => {
    for (const rgb of batches) {
      const [symbols] = await encoder!.run(rgb)
      if (to) to.postMessage(symbols!.data)
      else await analyse(symbols!.data as Uint8Array)
    }
  }
  // With 'from' it only waits for symbols.
  if (encoder && analyser) await all()
  port.on('message', () => {
    if (encoder) void all().then(() => port.postMessage('done'))
  })
  port.postMessage('ready')
}

if (!isMainThread) await work(workerData as Share)

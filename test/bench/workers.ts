/**
 * How the networks of several cameras are best run on the same cores: one thread with sessions of all cores, frame after frame, as the agent does; the
 * same, four cameras' frames in one batch; or a thread for each core, with sessions of one thread of their own. Rounds alternate; figures are medians.
 */
import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
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
}

export interface WorkersBench {
  readonly frame: string
  readonly one_worker_ms: number
  readonly one_worker_batch_of_4_ms: number
  readonly worker_per_core_ms: number
}

/** Milliseconds a frame, encoder and analyser. */
export async function benchWorkers(bundle: string, threads: number, precision: Precision): Promise<WorkersBench> {
  const frames = await clipFrames(WIDTH, HEIGHT, CAMERAS * MOMENTS)
  const start = async (count: number, share: Pick<Share, 'threads' | 'batch'>) => {
    const workers = Array.from({ length: count }, (_, nth) => {
      const data: Share = { bundle, precision, ...share, frames: frames.filter((_, i) => i % count === nth) }
      return new Worker(new URL(import.meta.url), { workerData: data })
    })
    await Promise.all(workers.map((worker) => once(worker, 'message')))
    return workers
  }
  const ways = {
    one_worker_ms: await start(1, { threads, batch: 1 }),
    one_worker_batch_of_4_ms: await start(1, { threads, batch: CAMERAS }),
    worker_per_core_ms: await start(threads, { threads: 1, batch: 1 }),
  }
  const times: Record<string, number[]> = {}
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, workers] of Object.entries(ways)) {
      const began = performance.now()
      await Promise.all(
        workers.map((worker) => {
          const done = once(worker, 'message')
          worker.postMessage('go')
          return done
        }),
      )
      times[name] = [...(times[name] ?? []), (performance.now() - began) / frames.length]
    }
  await Promise.all(
    Object.values(ways)
      .flat()
      .map((worker) => worker.terminate()),
  )
  const of = (name: keyof typeof ways) => Number(median(times[name]!).toFixed(2))
  return {
    frame: `${WIDTH}x${HEIGHT}`,
    one_worker_ms: of('one_worker_ms'),
    one_worker_batch_of_4_ms: of('one_worker_batch_of_4_ms'),
    worker_per_core_ms: of('worker_per_core_ms'),
  }
}

async function work({ bundle: name, precision, threads, batch, frames }: Share): Promise<void> {
  const bundle = openBundle(bundleDir(name))
  const { channels, stride } = bundle.manifest.latent
  const options = { providers: ['cpu'] as const, threads, note: () => {} }
  const encoder = await Graph.open(graphPath(bundle, 'encoder'), options, [])
  const int8 = precision === 'float' ? undefined : int8Of(bundle)
  const analyser = await Graph.open(int8 ?? graphPath(bundle, 'analyse'), options, [])
  const batches = Array.from({ length: frames.length / batch }, (_, i) => {
    const rgb = Buffer.concat(frames.slice(i * batch, (i + 1) * batch))
    return { data: new Uint8Array(rgb), dims: [batch, HEIGHT, WIDTH, 3] }
  })
  const all = async () => {
    for (const rgb of batches) {
      const [symbols] = await encoder.run(rgb)
      const dims = [batch, channels, HEIGHT / stride, WIDTH / stride]
      await analyser.run({ data: symbols!.data as Uint8Array, dims })
    }
  }
  await all()
  const port = parentPort!
  port.on('message', () => void all().then(() => port.postMessage('done')))
  port.postMessage('ready')
}

if (!isMainThread) await work(workerData as Share)

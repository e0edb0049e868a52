/**
 * The inference thread. onnxruntime-node's run() blocks the thread that calls it, so networks and entropy coder live
 * here and capture, archive and MQTT never wait for them.
 */
import { exit } from 'node:process'
import { parentPort, workerData } from 'node:worker_threads'
import { BundleError, openBundle } from '../../contract/bundle.js'
import { codingOf } from '../../contract/coding.js'
import { encodeRuns } from '../../contract/rle.js'
import { keepHeapSmall } from '../heap.js'
import { Encoders } from './encoders.js'
import type { Encoded, FromWorker, Job, WorkerSetup } from './messages.js'
import { Networks } from './networks.js'

const port = parentPort!
const setup = workerData as WorkerSetup
const send = (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)

async function main(): Promise<void> {
  keepHeapSmall()
  const bundle = openBundle(setup.bundleDir)
  const encoders = new Encoders(codingOf(bundle), bundle.manifest.latent.stride)
  const note = (text: string) => send({ type: 'note', text })
  // Told to stop while it opens: heard between two native calls, and not inside one.
  const giveUp = () => exit()
  port.once('message', giveUp)
  const networks = await Networks.open(bundle, new Set(setup.heads), setup.sizes, { ...setup, note })
  port.off('message', giveUp)
  send({ type: 'ready', providers: networks.providers })

  // Messages are handled one after the other: run() is awaited, and the next job must not start before it is done.
  let queue = Promise.resolve()
  port.on('message', (job: Job | 'stop') => {
    queue = queue.then(async () => {
      if (job === 'stop') {
        await networks.release()
        port.close()
        return
      }
      try {
        const encoded = await process(networks, encoders, job)
        send({ type: 'encoded', encoded }, transferable(encoded))
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        send({ type: 'job-failed', job: job.job, buffer: job.rgb.buffer, message }, [job.rgb.buffer])
      }
    })
  })
}

async function process(networks: Networks, encoders: Encoders, job: Job): Promise<Encoded> {
  let last = performance.now()
  const lap = () => {
    const now = performance.now()
    const ms = now - last
    last = now
    return ms
  }
  const symbols = await networks.encode(job.rgb, job)
  const encode = lap()
  const analysed = job.heads.includes('analyse') ? await networks.analyse(symbols, job) : undefined
  const analyse = lap()
  const probabilities = job.heads.includes('classify') ? await networks.classify(symbols, job) : undefined
  const classify = lap()
  const segmented = job.heads.includes('segment') ? await networks.segment(symbols, job) : undefined
  const segment = lap()
  const seen = analysed ?? segmented
  const runs = seen && encodeRuns(seen.mask)
  const { coded, changed } = encoders.encode(job.cam, job.coding, job, symbols, job.key)
  return {
    job: job.job,
    buffer: job.rgb.buffer,
    coded,
    ...(changed && { changed }),
    ...(analysed && { tags: analysed.tags }),
    ...(probabilities && { probabilities }),
    ...(seen && { mask: seen.mask, fractions: seen.fractions }),
    ...(runs && { runs }),
    ms: {
      encode,
      ...(analysed && { analyse }),
      ...(probabilities && { classify }),
      ...(segmented && { segment }),
      code: lap(),
    },
  }
}

/** Buffers that are handed over whole; a tensor may share its own with others. */
function transferable({ buffer, changed }: Encoded): ArrayBuffer[] {
  return changed ? [buffer, changed.buffer as ArrayBuffer] : [buffer]
}

main().catch((error) => {
  send({
    type: 'failed',
    message: error instanceof Error ? error.message : String(error),
    bundle: error instanceof BundleError,
  })
})

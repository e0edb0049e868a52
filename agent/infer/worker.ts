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
import { Gates } from './gate.js'
import type { Answer, Encoded, FromWorker, Job, Opening, StageTimes, WorkerSetup } from './messages.js'
import { Networks } from './networks.js'

const port = parentPort!
const setup = workerData as WorkerSetup
const send = (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)

async function main(): Promise<void> {
  keepHeapSmall()
  const bundle = openBundle(setup.bundleDir)
  const encoders = new Encoders(codingOf(bundle), bundle.manifest.latent.stride)
  const gates = new Gates<Answer>(bundle)
  const note = (text: string) => send({ type: 'note', text })
  // Told to stop while it opens: heard between two native calls, and not inside one.
  const giveUp = () => exit()
  port.once('message', giveUp)
  const opens = (opening: Opening) => send({ type: 'opens', opening })
  const networks = await Networks.open(bundle, new Set(setup.heads), setup.sizes, { ...setup, note, opens })
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
        const encoded = await process(networks, encoders, gates, job)
        send({ type: 'encoded', encoded }, transferable(encoded))
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        send({ type: 'job-failed', job: job.job, buffer: job.rgb.buffer, message }, [job.rgb.buffer])
      }
    })
  })
}

const OPEN = { gate: 'off', refreshSeconds: 0, restSeconds: 0 } as const

async function process(networks: Networks, encoders: Encoders, gates: Gates<Answer>, job: Job): Promise<Encoded> {
  const ms: { -readonly [K in keyof StageTimes]: StageTimes[K] } = { encode: 0, code: 0 }
  let last = performance.now()
  const lap = (stage: keyof StageTimes) => {
    const now = performance.now()
    ms[stage] = now - last
    last = now
  }
  const symbols = await networks.encode(job.rgb, job)
  lap('encode')
  const { coded, changed } = encoders.encode(job.cam, job.coding, job, symbols, job.key)
  lap('code')
  const { bootMs, pressed, look } = job
  const frame = { symbols, changed, bootMs, pressed, look, ...gates.cells(job) }
  // Without heads there is nothing to hold.
  const rule = job.heads.length > 0 ? job.gate : OPEN
  const { answer, held } = await gates.of(job.cam).answer(rule, frame, async () => {
    const analysed = job.heads.includes('analyse') ? await networks.analyse(symbols, job) : undefined
    if (analysed) lap('analyse')
    const probabilities = job.heads.includes('classify') ? await networks.classify(symbols, job) : undefined
    if (probabilities) lap('classify')
    const segmented = job.heads.includes('segment') ? await networks.segment(symbols, job) : undefined
    if (segmented) lap('segment')
    const seen = analysed ?? segmented
    return {
      ...(analysed && { tags: analysed.tags }),
      ...(probabilities && { probabilities }),
      ...(seen && { mask: seen.mask, fractions: seen.fractions, runs: encodeRuns(seen.mask) }),
    }
  })
  return {
    job: job.job,
    buffer: job.rgb.buffer,
    coded,
    ...(changed && { changed }),
    ...answer,
    ...(held && { held }),
    ms,
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

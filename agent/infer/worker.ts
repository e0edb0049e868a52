/**
 * The inference thread. onnxruntime-node's run() blocks the thread that calls it, so the networks live here and capture, archive and MQTT
 * never wait for them. Symbols go on to the coding thread (coder.ts) as soon as there are any.
 */
import { availableParallelism } from 'node:os'
import { exit } from 'node:process'
import { parentPort, workerData } from 'node:worker_threads'
import { type Bundle, BundleError, graphPath, openBundle } from '../../contract/bundle.js'
import { encodeRuns } from '../../contract/rle.js'
import { messageOf } from '../errors.js'
import { keepHeapSmall } from '../heap.js'
import { Latest } from './changes.js'
import { Gates } from './gate.js'
import type { Answer, FromWorker, HowToCode, InferenceSetup, Job, Opening, Seen, Uncoded } from './messages.js'
import { type Analysis, Networks } from './networks.js'
import { chooseThreads } from './threads.js'

const port = parentPort!
const { toCoder, ...setup } = workerData as InferenceSetup
const send = (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)

async function main(): Promise<void> {
  keepHeapSmall()
  const bundle = openBundle(setup.bundleDir)
  const { entropy, context, manifest } = bundle
  const { stride } = manifest.latent
  const howToCode: HowToCode = { entropy, ...(context && { context }), stride }
  toCoder.postMessage(howToCode)
  const latest = new Latest(stride)
  const gates = new Gates<Look>(bundle)
  const note = (text: string) => send({ type: 'note', text })
  // Told to stop while it opens: heard between two native calls, and not inside one.
  const giveUp = () => exit()
  port.once('message', giveUp)
  const opens = (opening: Opening) => send({ type: 'opens', opening })
  const threads = setup.threads || (await measuredThreads(bundle, note))
  const options = { ...setup, threads, note, opens }
  const networks = await Networks.open(bundle, new Set(setup.heads), setup.sizes, options)
  port.off('message', giveUp)
  send({ type: 'ready', providers: networks.providers, threads })

  // Messages are handled one after the other: run() is awaited, and the next job must not start before it is done.
  let queue = Promise.resolve()
  port.on('message', (job: Job | 'stop') => {
    queue = queue.then(async () => {
      if (job === 'stop') {
        await networks.release()
        toCoder.close()
        port.close()
        return
      }
      try {
        const seen = await process(networks, latest, gates, job)
        send({ type: 'seen', seen }, transferable(seen))
      } catch (error) {
        const message = messageOf(error)
        send({ type: 'job-failed', job: job.job, buffer: job.rgb.buffer, message }, [job.rgb.buffer])
      }
    })
  })
}

async function measuredThreads(bundle: Bundle, note: (text: string) => void): Promise<number> {
  const size = setup.sizes.toSorted((a, b) => b.width * b.height - a.width * a.height)[0]
  if (!size) return availableParallelism()
  const { width, height } = size
  const frame = { data: new Uint8Array(height * width * 3), dims: [1, height, width, 3] }
  const { count, why } = await chooseThreads(graphPath(bundle, 'encoder'), frame, { ...setup, note: () => {} })
  note(`${count} ${count === 1 ? 'thread' : 'threads'}: ${why}`)
  return count
}

/** The map stays in this thread. */
interface Look extends Answer, Pick<Analysis, 'map'> {}

const OPEN = { gate: 'off', refreshSeconds: 0, restSeconds: 0 } as const

async function process(networks: Networks, latest: Latest, gates: Gates<Look>, job: Job): Promise<Seen> {
  const ms: { -readonly [K in keyof Seen['ms']]: Seen['ms'][K] } = { encode: 0 }
  let last = performance.now()
  const lap = (stage: keyof Seen['ms']) => {
    const now = performance.now()
    ms[stage] = now - last
    last = now
  }
  const symbols = await networks.encode(job.rgb, job)
  lap('encode')
  const { cam, width, height, coding: profile } = job
  const { changed, cut } = latest.next(cam, job, symbols)
  const uncoded: Uncoded = { job: job.job, cam, profile, width, height, symbols, key: job.key || cut }
  toCoder.postMessage(uncoded)
  const { bootMs, pressed, look } = job
  const frame = { symbols, changed, bootMs, pressed, look, ...gates.cells(job) }
  // Without heads there is nothing to hold.
  const rule = job.heads.length > 0 ? job.gate : OPEN
  const looked = await gates.of(cam, job.watch).answer(rule, frame, async (again) => {
    const analysed = job.heads.includes('analyse') ? await networks.analyse(symbols, job, again) : undefined
    if (analysed) lap('analyse')
    const probabilities = job.heads.includes('classify') ? await networks.classify(symbols, job) : undefined
    if (probabilities) lap('classify')
    const segmented = job.heads.includes('segment') ? await networks.segment(symbols, job) : undefined
    if (segmented) lap('segment')
    const seen = analysed ?? segmented
    return {
      ...(analysed && { tags: analysed.tags, map: analysed.map }),
      ...(probabilities && { probabilities }),
      ...(seen && { mask: seen.mask, fractions: seen.fractions, runs: encodeRuns(seen.mask) }),
    }
  })
  const { held } = looked
  const { map: _, ...answer } = looked.answer
  return {
    job: job.job,
    buffer: job.rgb.buffer,
    ...(changed && { changed }),
    ...answer,
    ...(held && { held }),
    ms,
  }
}

/** Buffers that are handed over whole; a tensor may share its own with others. */
function transferable({ buffer, changed }: Seen): ArrayBuffer[] {
  return changed ? [buffer, changed.buffer as ArrayBuffer] : [buffer]
}

main().catch((error) => {
  send({
    type: 'failed',
    message: messageOf(error),
    bundle: error instanceof BundleError,
  })
})

/**
 * The inference thread: the encoder. onnxruntime-node's run() blocks the thread that calls it, so the networks live in threads of their own, and capture,
 * archive and MQTT never wait for them. Symbols go on to the coding thread (coder.ts) and to the looking thread (looker.ts) as soon as there are any.
 */
import { availableParallelism } from 'node:os'
import { exit } from 'node:process'
import { parentPort, workerData } from 'node:worker_threads'
import { BundleError } from '../../contract/bundle-error.js'
import { messageOf } from '../errors.js'
import { keepHeapSmall } from '../heap.js'
import { Latest } from './changes.js'
import type { FromWorker, HowToCode, HowToLook, InferenceSetup, Job, Opening, Uncoded, Unseen } from './messages.js'
import { Networks } from './networks.js'
import { threadsText } from './threads.js'
import { tryThreads } from './trial.js'

const port = parentPort!
const { toCoder, toLooker, ...setup } = workerData as InferenceSetup
const { bundle } = setup
const send = (message: FromWorker) => port.postMessage(message)
const note = (text: string) => send({ type: 'note', text })

async function main(): Promise<void> {
  keepHeapSmall()
  const { entropy, context, manifest } = bundle
  const { stride } = manifest.latent
  const howToCode: HowToCode = { entropy, ...(context && { context }), stride }
  toCoder.postMessage(howToCode)
  const latest = new Latest(stride)
  // Told to stop while it opens: heard between two native calls, and not inside one.
  const giveUp = () => exit()
  port.once('message', giveUp)
  const tried = await tryThreads(setup, 'encoder')
  if (tried) note(`encoder: ${threadsText(tried.count)} (${tried.tried})`)
  const threads = setup.threads || (tried?.count ?? availableParallelism())
  const opens = (opening: Opening) => send({ type: 'opens', opening })
  const options = { ...setup, threads, only: 'encoder', note, opens } as const
  const networks = await Networks.open(bundle, new Set(setup.heads), setup.sizes, options)
  port.off('message', giveUp)
  const howToLook: HowToLook = { encodeMs: tried?.ms }
  toLooker.postMessage(howToLook)
  send({ type: 'ready', providers: networks.providers, threads })

  // Messages are handled one after the other: run() is awaited, and the next job must not start before it is done.
  let queue = Promise.resolve()
  port.on('message', (job: Job | 'stop') => {
    queue = queue.then(async () => {
      if (job === 'stop') {
        await networks.release()
        toCoder.close()
        toLooker.close()
        port.close()
        return
      }
      try {
        await encode(networks, latest, job)
      } catch (error) {
        send({ type: 'job-failed', job: job.job, message: messageOf(error) })
      }
    })
  })
}

async function encode(networks: Networks, latest: Latest, job: Job): Promise<void> {
  const started = performance.now()
  const symbols = await networks.encode(job.rgb, job)
  const ms = performance.now() - started
  const { cam, width, height, coding: profile } = job
  const { changed, cut } = latest.next(cam, job, symbols)
  const uncoded: Uncoded = { job: job.job, cam, profile, width, height, symbols, key: job.key || cut }
  toCoder.postMessage(uncoded)
  const unseen: Unseen = { job, symbols, changed, ms }
  toLooker.postMessage(unseen, [job.rgb.buffer])
}

main().catch((error) => {
  send({
    type: 'failed',
    message: messageOf(error),
    bundle: error instanceof BundleError,
  })
})

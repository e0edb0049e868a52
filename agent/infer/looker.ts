/**
 * The looking thread: the heads. Symbols come straight from the inference thread, what is there goes to the main thread; so the encoder has the next frame
 * while the heads look at this one, and both have a core to themselves where one thread does for the heads.
 */
import { availableParallelism } from 'node:os'
import { exit } from 'node:process'
import { parentPort, workerData } from 'node:worker_threads'
import { BundleError } from '../../contract/bundle-error.js'
import { encodeRuns } from '../../contract/rle.js'
import { messageOf } from '../errors.js'
import { keepHeapSmall, SYMBOLS_MS } from '../heap.js'
import { Gates } from './gate.js'
import type { Answer, FromWorker, HowToLook, LookerSetup, Opening, Seen, Unseen } from './messages.js'
import { type Analysis, Networks } from './networks.js'
import { keepUp, threadsText } from './threads.js'
import { tryThreads } from './trial.js'

const { unseen: port, ...setup } = workerData as LookerSetup
const { bundle } = setup
const send = (message: FromWorker, transfer: ArrayBuffer[] = []) => parentPort!.postMessage(message, transfer)

keepHeapSmall(SYMBOLS_MS)
// It ends when the inference thread closes its end of the port, or is gone: while it opens, between two native calls, and not inside one.
const giveUp = () => exit()
port.once('close', giveUp)
port.once('message', (how: HowToLook) => main(how).catch(failed))

async function main({ encodeMs }: HowToLook): Promise<void> {
  const gates = new Gates<Look>(bundle)
  const cores = availableParallelism()
  const keepsUp = (ms: number, threads: number) => encodeMs !== undefined && keepUp(ms, threads / cores, encodeMs)
  const tried = await tryThreads(setup, 'heads', keepsUp)
  const note = (text: string) => send({ type: 'note', text })
  if (tried) note(`heads: ${threadsText(tried.count)} (${tried.tried})`)
  // The encoder has the cores, too.
  const threads = setup.threads || (tried?.count ?? Math.max(1, Math.floor(cores / 2)))
  const opens = (opening: Opening) => send({ type: 'opens', opening })
  const options = { ...setup, threads, only: 'heads', note, opens } as const
  const networks = await Networks.open(bundle, new Set(setup.heads), setup.sizes, options)
  let queue = Promise.resolve()
  port.off('close', giveUp).once('close', () => {
    queue = queue.then(() => networks.release())
  })
  port.on('message', (unseen: Unseen) => {
    queue = queue.then(async () => {
      try {
        const seen = await look(networks, gates, unseen)
        send({ type: 'seen', seen }, transferable(seen))
      } catch (error) {
        send({ type: 'job-failed', job: unseen.job.job, message: messageOf(error) })
      }
    })
  })
  send({ type: 'ready', providers: networks.providers, threads })
}

/** The map stays in this thread. */
interface Look extends Answer, Pick<Analysis, 'map'> {}

const OPEN = { gate: 'off', refreshSeconds: 0, restSeconds: 0 } as const

async function look(
  networks: Networks,
  gates: Gates<Look>,
  { job, symbols, changed, ms: encode }: Unseen,
): Promise<Seen> {
  const ms: { -readonly [K in keyof Seen['ms']]: Seen['ms'][K] } = { encode }
  let last = performance.now()
  const lap = (stage: keyof Seen['ms']) => {
    const now = performance.now()
    ms[stage] = now - last
    last = now
  }
  const { cam, bootMs, pressed, heads } = job
  const frame = { symbols, changed, bootMs, pressed, look: job.look, ...gates.cells(job) }
  // Without heads there is nothing to hold.
  const rule = heads.length > 0 ? job.gate : OPEN
  const looked = await gates.of(cam, job.watch).answer(rule, frame, async (again) => {
    const analysed = heads.includes('analyse') ? await networks.analyse(symbols, job, again) : undefined
    if (analysed) lap('analyse')
    const probabilities = heads.includes('classify') ? await networks.classify(symbols, job) : undefined
    if (probabilities) lap('classify')
    const segmented = heads.includes('segment') ? await networks.segment(symbols, job) : undefined
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
  return { job: job.job, buffer: job.rgb.buffer, ...(changed && { changed }), ...answer, ...(held && { held }), ms }
}

/** Buffers that are handed over whole; a tensor may share its own with others. */
function transferable({ buffer, changed }: Seen): ArrayBuffer[] {
  return changed ? [buffer, changed.buffer as ArrayBuffer] : [buffer]
}

function failed(error: unknown): void {
  send({ type: 'failed', message: messageOf(error), bundle: error instanceof BundleError })
}

/** The main thread's handle on the threads of inference, looking and coding. */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { AgentError, ExitCode } from '../errors.js'
import type {
  CoderSetup,
  Encoded,
  FromCoder,
  FromWorker,
  InferCamera,
  InferenceSetup,
  Job,
  LookerSetup,
  Opening,
  Seen,
  Shot,
  Wish,
  WorkerSetup,
} from './messages.js'
import { prepareTensorRt } from './onnx.js'

/** A job under way, and which halves of its result have come. */
interface Waiting {
  resolve(encoded: Encoded): void
  reject(error: Error): void
  seen?: Seen
  coded?: Extract<FromCoder, { type: 'coded' }>
  failed?: Error
}

export interface StartOptions {
  readonly script?: URL | undefined
  /** Aborted: the start is given up at once; the thread ends when the native call under way has returned. */
  readonly ending?: AbortSignal
  /** Told what is about to be done. */
  readonly opens?: (opening: Opening) => void
}

export class Engine {
  private readonly waiting = new Map<number, Waiting>()
  private readonly gone: Promise<unknown>
  private nextJob = 0
  private ended = false

  private constructor(
    private readonly worker: Worker,
    looker: Worker,
    coder: Worker,
    /** Execution provider that really runs, per graph. */
    readonly providers: Record<string, string>,
    /** CPU threads of the networks. */
    readonly threads: { readonly encoder: number; readonly heads: number },
    failed: (error: Error) => void,
  ) {
    const all = [worker, looker, coder]
    for (const thread of all) thread.on('message', (message: FromWorker | FromCoder) => this.receive(message))
    watchDeaths(worker, looker, coder, (error) => this.fail(error, failed))
    this.gone = Promise.all(all.map((thread) => new Promise((resolve) => thread.on('exit', resolve))))
  }

  /**
   * Starts the threads, opens the bundle's graphs and warms them up.
   * @param note told about slow steps (TensorRT engines) and providers tried in vain
   * @param failed called once if a thread dies later
   * @throws {AgentError} bundle refused, or no provider works
   */
  static async start(
    setup: WorkerSetup,
    cacheDir: string,
    note: (text: string) => void,
    failed: (error: Error) => void,
    { script = new URL('./worker.js', import.meta.url), ending, opens }: StartOptions = {},
  ): Promise<Engine> {
    ending?.throwIfAborted()
    prepareTensorRt(cacheDir)
    const { context: _, ...toLookBy } = setup.bundle
    const { port1: toCoder, port2: uncoded } = new MessageChannel()
    const { port1: toLooker, port2: unseen } = new MessageChannel()
    const started = (url: URL, workerData: CoderSetup | LookerSetup | InferenceSetup, ...transferList: MessagePort[]) =>
      new Worker(url, { workerData, transferList })
    const coder = started(new URL('./coder.js', import.meta.url), { uncoded }, uncoded)
    const looker = started(new URL('./looker.js', import.meta.url), { ...setup, bundle: toLookBy, unseen }, unseen)
    const worker = started(script, { ...setup, toCoder, toLooker }, toCoder, toLooker)
    const told = (message: FromWorker) => {
      if (message.type === 'note') note(message.text)
      if (message.type === 'opens') opens?.(message.opening)
    }
    let failedItself = false
    const opened = ready(worker, told).catch((error) => {
      failedItself = true
      throw error
    })
    const looking = ready(looker, told)
    const coding = ready(coder, () => {})
    const watched: (() => void)[] = []
    const over = new Promise<never>((_, reject) => {
      const early = ({ message }: Error) => reject(new Error(`${message}, before it was ready`))
      watched.push(watchDeaths(worker, looker, coder, early))
      const abort = () => reject(ending?.reason)
      ending?.addEventListener('abort', abort)
      watched.push(() => ending?.removeEventListener('abort', abort))
    })
    try {
      const [encoder, heads] = await Promise.race([Promise.all([opened, looking, coding]), over])
      const providers = { ...encoder.providers, ...heads.providers }
      return new Engine(worker, looker, coder, providers, { encoder: encoder.threads, heads: heads.threads }, failed)
    } catch (error) {
      // Inside a native call the thread must not be terminated: ONNX Runtime's binding then aborts the whole process.
      if (failedItself) await worker.terminate()
      else worker.postMessage('stop')
      await coder.terminate()
      throw error
    } finally {
      for (const stop of watched) stop()
    }
  }

  /**
   * Encodes one frame. Its `rgb` is transferred; its buffer comes back in the result. Results come in the order of the calls.
   */
  infer({ rgb, bootMs }: Shot, cam: InferCamera, wish: Wish): Promise<Encoded> {
    if (this.ended) return Promise.reject(new Error('the networks have ended'))
    const job = this.nextJob++
    return new Promise((resolve, reject) => {
      this.waiting.set(job, { resolve, reject })
      const { id, width, height, heads, coding, analyse: gate, events, thresholds } = cam
      const watch = { classes: events?.map((rule) => rule.class), thresholds }
      const message: Job = { job, rgb, bootMs, width, height, heads, cam: id, coding, gate, watch, ...wish }
      this.worker.postMessage(message, [rgb.buffer])
    })
  }

  async stop(): Promise<void> {
    this.ended = true
    this.worker.postMessage('stop') // one that has died does not mind
    await this.gone
    this.rejectAll(new Error('the networks were stopped'))
  }

  private receive(message: FromWorker | FromCoder): void {
    if (message.type === 'seen') this.comes(message.seen.job, { seen: message.seen })
    else if (message.type === 'coded') this.comes(message.job, { coded: message })
    else if (message.type === 'job-failed') {
      const failed = new AgentError('engine', `inference failed: ${message.message}`, ExitCode.unexpected)
      this.comes(message.job, { failed })
    }
  }

  /** The halves of a frame come from two threads; what is whole, or has failed, goes out in the order of the calls. */
  private comes(job: number, part: Pick<Waiting, 'seen' | 'coded' | 'failed'>): void {
    const one = this.waiting.get(job)
    if (!one) return // the other half of one that has failed
    Object.assign(one, part)
    for (const [first, { seen, coded, failed, resolve, reject }] of this.waiting) {
      if (failed) reject(failed)
      else if (seen && coded) resolve({ ...seen, coded: coded.coded, ms: { ...seen.ms, code: coded.ms } })
      else return
      this.waiting.delete(first)
    }
  }

  private fail(error: Error, failed: (error: Error) => void): void {
    if (this.ended) return
    this.ended = true
    this.rejectAll(error)
    failed(error)
  }

  private rejectAll(error: Error): void {
    for (const { reject } of this.waiting.values()) reject(error)
    this.waiting.clear()
  }
}

/** @throws {AgentError} the thread says that it cannot begin */
function ready(thread: Worker, told: (message: FromWorker) => void): Promise<Extract<FromWorker, { type: 'ready' }>> {
  return new Promise((resolve, reject) => {
    const heard = (message: FromWorker) => {
      told(message)
      if (message.type === 'failed')
        reject(new AgentError(message.bundle ? 'input' : 'engine', message.message, ExitCode.input))
      if (message.type !== 'ready') return
      thread.off('message', heard)
      resolve(message)
    }
    thread.on('message', heard)
  })
}

/** The other threads end with the inference thread; if that has died, it is said why before they are said to have ended. */
const AFTER_MS = 500

/** @returns ends the watch */
function watchDeaths(worker: Worker, looker: Worker, coder: Worker, died: (error: Error) => void): () => void {
  const watched = [
    watchDeath(worker, 'inference', 0, died),
    watchDeath(looker, 'looking', AFTER_MS, died),
    watchDeath(coder, 'coding', AFTER_MS, died),
  ]
  return () => {
    for (const stop of watched) stop()
  }
}

/** @param afterMs how long after its end it is told. @returns ends the watch */
function watchDeath(thread: Worker, name: string, afterMs: number, died: (error: Error) => void): () => void {
  const failed = ({ message }: Error) => died(new Error(`the ${name} thread died: ${message}`))
  const gone = () => died(new Error(`the ${name} thread ended`))
  const ended = () => (afterMs > 0 ? void setTimeout(gone, afterMs).unref() : gone())
  thread.on('error', failed).on('exit', ended)
  return () => void thread.off('error', failed).off('exit', ended)
}

/**
 * From messages to the store: what has come while the last batch was committed is the next one. A message is acknowledged once it is
 * committed; while the store is away nothing is, so that the broker keeps what it has and, when it has enough, the boxes do.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { Backoff } from '../../contract/backoff.js'
import type { Incoming } from '../listen/incoming.js'
import { type Reject, type StateMessage, type Store, StoreError } from '../store/store.js'
import type { Figures } from './figures.js'

export type Work = { readonly message: Incoming } | { readonly state: StateMessage } | { readonly reject: Reject }

export interface Delivery {
  readonly work: Work
  /** When it came, on the monotonic clock. */
  readonly cameMs: number
  /** It is kept, and need not come again. */
  settle(): void
}

/** Of one transaction. */
const MOST = 500

export class Batches {
  private waiting: Delivery[] = []
  private running: Promise<void> | undefined
  private readonly stopping = new AbortController()

  constructor(
    private readonly store: Pick<Store, 'commit' | 'note' | 'reject' | 'name'>,
    private readonly figures: Figures,
    private readonly log: (line: string) => void,
    private readonly backoff = new Backoff(500, 30_000),
  ) {}

  push(delivery: Delivery): void {
    this.waiting.push(delivery)
    this.running ??= this.run().finally(() => {
      this.running = undefined
    })
  }

  /** What is being committed is brought to its end; what waits comes again from the broker. */
  async stop(): Promise<void> {
    this.stopping.abort()
    this.waiting = []
    await this.running
  }

  /** All that has come so far is kept. */
  async idle(): Promise<void> {
    await this.running
  }

  get unsettled(): number {
    return this.waiting.length
  }

  private async run(): Promise<void> {
    // What comes in the same turn belongs together.
    await new Promise(setImmediate)
    while (this.waiting.length > 0 && !this.stopping.signal.aborted) {
      const batch = this.waiting.splice(0, MOST)
      try {
        await this.keep(batch)
      } catch (error) {
        if (!(error instanceof Stopped)) throw error
      }
    }
  }

  private async keep(batch: readonly Delivery[]): Promise<void> {
    const messages = batch.flatMap(({ work }) => ('message' in work ? [work.message] : []))
    await this.commit(messages)
    for (const { work } of batch) {
      if ('state' in work) await this.patiently(() => this.store.note(work.state), work.state.dev)
      else if ('reject' in work) await this.patiently(() => this.store.reject(work.reject))
    }
    for (const delivery of batch) delivery.settle()
    this.figures.kept(batch)
  }

  /** A batch that the store will never take is halved until the message is found that it is about. */
  private async commit(messages: readonly Incoming[]): Promise<void> {
    if (messages.length === 0) return
    const at = new Date().toISOString()
    try {
      const began = performance.now()
      await this.patiently(async () => this.figures.committed(await this.store.commit(messages, at), began))
    } catch (error) {
      if (error instanceof Stopped) throw error
      if (messages.length > 1) {
        const half = messages.length >> 1
        await this.commit(messages.slice(0, half))
        await this.commit(messages.slice(half))
        return
      }
      await this.refuse(messages[0], (error as Error).message, at)
    }
  }

  private async refuse(message: Incoming, reason: string, at: string): Promise<void> {
    const { dev, cam, kind, seq } = message.key
    this.figures.refused(`${this.store.name} will not take ${dev}/${cam} ${kind} #${seq}`, reason)
    const payload = 'bytes' in message ? message.bytes : Buffer.from(JSON.stringify(message.json))
    await this.patiently(() => this.store.reject({ at, topic: `${dev}/${cam}/${kind}`, reason, payload }))
  }

  /** Until it is done, or the collector stops. @throws {StoreError} refused */
  private async patiently(work: () => Promise<void>, about = ''): Promise<void> {
    const { signal } = this.stopping
    while (!signal.aborted) {
      try {
        await work()
        if (this.figures.storeUp(true)) this.log(`the store is there again: ${this.store.name}`)
        this.backoff.reset()
        return
      } catch (error) {
        if (error instanceof StoreError && error.code === 'refused') {
          if (!about) throw error
          this.figures.refused(`${this.store.name} will not take a state of ${about}`, error.message)
          return
        }
        if (this.figures.storeUp(false, error instanceof StoreError ? error.code : 'other'))
          this.log(
            `nothing is acknowledged until the store is there again, the broker and the boxes keep what comes: ${(error as Error).message}`,
          )
        await wait(this.backoff.next(), undefined, { signal }).catch(() => {})
      }
    }
    throw new Stopped()
  }
}

class Stopped extends Error {}

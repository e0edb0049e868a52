/**
 * Events have no numbers of their own, so that one is missing shows nowhere. So each box is asked now and then, and after every lost
 * connection, what it has told; the store keeps what is new of that.
 */
import { listEvents } from '../fetch/list.js'
import type { Requester } from '../fetch/requester.js'
import type { Store } from '../store/store.js'
import type { Figures } from './figures.js'

const EVERY_MS = 600_000
/** A box's clock, and messages that are still on their way when it is asked. */
const OVERLAP_MS = 600_000
/** One that has not answered is asked again after so long, or after a doubt. */
const AGAIN_MS = 60_000
const FIRST_MS = 24 * 3_600_000
/** Boxes asked in one round. */
const MOST = 20

export class EventCheck {
  /** Up to when a box has told all. */
  private readonly told = new Map<string, number>()
  private readonly tried = new Map<string, number>()
  private dirtyMs = Number.NEGATIVE_INFINITY

  constructor(
    private readonly store: Pick<Store, 'commit'>,
    private readonly requesterOf: (dev: string) => Requester,
    private readonly figures: Figures,
    /** Two boxes have this name, and each would answer for both. */
    private readonly doubtful: (dev: string) => boolean = () => false,
  ) {}

  /** Something may have been lost. */
  doubt(nowMs: number): void {
    this.dirtyMs = nowMs
  }

  /** @param online devices that can be asked */
  async run(online: readonly string[], nowMs: number, signal?: AbortSignal): Promise<void> {
    const due = (dev: string) => {
      const tried = this.tried.get(dev) ?? Number.NEGATIVE_INFINITY
      const told = this.told.get(dev) ?? Number.NEGATIVE_INFINITY
      if (tried < this.dirtyMs) return true
      return nowMs - tried > AGAIN_MS && (nowMs - told > EVERY_MS || told < this.dirtyMs)
    }
    for (const dev of online.filter((dev) => due(dev) && !this.doubtful(dev)).slice(0, MOST)) {
      if (signal?.aborted) return
      // However long a box is silent after that: from there on it is asked.
      const told = this.told.get(dev) ?? nowMs - FIRST_MS + OVERLAP_MS
      this.told.set(dev, told)
      this.tried.set(dev, nowMs)
      try {
        await this.ask(dev, new Date(told - OVERLAP_MS).toISOString())
        this.told.set(dev, nowMs)
        this.figures.ask('answered')
      } catch (error) {
        this.figures.ask('silent')
        this.figures.failed(`asking ${dev} for its events`, (error as Error).message)
      }
    }
  }

  private async ask(dev: string, from: string): Promise<void> {
    for await (const item of listEvents(this.requesterOf(dev), { from })) {
      const { cam, boot, seq } = item
      const event = { ...item, hist: true }
      const key = { dev, cam, boot, kind: 'evt', seq } as const
      this.figures.filled(
        await this.store.commit([{ kind: 'evt', key, hist: true, event, json: event }], new Date().toISOString()),
      )
    }
  }
}

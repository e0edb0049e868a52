/** What one collector of a group does in the background: asks for what is missing, seals segments, forgets what is too old. */
import { hostname } from 'node:os'
import { countOf } from '../listen/sequence.js'
import type { Store } from '../store/store.js'
import type { EventCheck } from './event-check.js'
import type { Figures } from './figures.js'
import type { Filler } from './filler.js'
import type { ObjectStore } from './objects.js'
import type { Sealer } from './sealer.js'

/** Longer than a round takes; another collector takes over after that. */
const LEASE_SECONDS = 120
const HOUR_MS = 3_600_000

export class Keeper {
  private readonly holder = `${hostname()}/${process.pid}/${Math.random().toString(36).slice(2)}`
  private expiredAt = Number.NEGATIVE_INFINITY

  constructor(
    private readonly store: Store,
    private readonly objects: ObjectStore | undefined,
    private readonly work: { readonly filler: Filler; readonly sealer: Sealer; readonly events: EventCheck },
    private readonly figures: Figures,
    private readonly keepDays: number | undefined,
    private readonly log: (line: string) => void,
  ) {}

  /** Never throws: what fails is counted, said once, and tried again in the next round. */
  async round(signal: AbortSignal): Promise<void> {
    const now = Date.now()
    await this.attempt('what is missing', async () => {
      const coverage = await this.store.coverage({ closed: false })
      this.figures.incomplete(
        coverage.reduce((n, { missing }) => n + countOf(missing), 0),
        coverage.reduce((n, { gone }) => n + countOf(gone), 0),
      )
      if (!(await this.store.lease('keeper', this.holder, LEASE_SECONDS))) return
      const devices = await this.store.devices()
      const online = devices.filter(({ state }) => state === 'online' || state === 'degraded').map(({ dev }) => dev)
      await this.work.filler.run(coverage, new Set(online), now, signal)
      await this.work.events.run(online, now, signal)
      const awaited = coverage
        .filter(({ kind }) => kind === 'bits')
        .map(({ stream, missing }) => [stream.id, missing] as const)
      await this.attempt('sealing segments', () => this.work.sealer.run(new Map(awaited), now, signal))
      await this.attempt('forgetting what is too old', () => this.expire(now))
    })
  }

  private async expire(now: number): Promise<void> {
    if (this.keepDays === undefined || now - this.expiredAt < HOUR_MS) return
    const before = new Date(now - this.keepDays * 24 * HOUR_MS).toISOString()
    const { objects } = this
    const deleteObjects = objects && ((places: readonly string[]) => objects.delete(places))
    const { results, events, segments } = await this.store.expire(before, deleteObjects)
    this.expiredAt = now
    if (results + events + segments > 0)
      this.log(`forgotten, from before ${before}: ${results} results, ${events} events, ${segments} segments`)
  }

  private async attempt(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.figures.failed(what, (error as Error).message)
    }
  }
}

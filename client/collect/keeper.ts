/** What one collector of a group does in the background: asks for what is missing, seals segments, forgets what is too old. */
import { hostname } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { countOf } from '../listen/sequence.js'
import type { Coverage, DeleteObjects, Store } from '../store/store.js'
import type { EventCheck } from './event-check.js'
import type { Figures } from './figures.js'
import type { Filler } from './filler.js'
import type { ObjectStore } from './objects.js'
import type { Sealer } from './sealer.js'

/**
 * Renewed while there is work; another collector takes over when this one has not been heard of for so long. One that was only held up
 * does no harm when it goes on beside it: what each does holds by itself.
 */
const LEASE_SECONDS = 30
/** Who ends does not wait for a database that is away. */
const RELEASE_MS = 2000
/** In the time of a lease: some may come late. */
const RENEWALS = 4
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Objects that no segment names: who puts one has so long to name it, and who reads one that was replaced to end. */
const ORPHAN_MS = HOUR_MS

export class Keeper {
  private readonly holder = `${hostname()}/${process.pid}/${Math.random().toString(36).slice(2)}`
  private holds = false
  private expiredAt = Number.NEGATIVE_INFINITY
  private lookedAt = Number.NEGATIVE_INFINITY

  constructor(
    private readonly store: Store,
    private readonly objects: ObjectStore | undefined,
    private readonly work: { readonly filler: Filler; readonly sealer: Sealer; readonly events: EventCheck },
    private readonly figures: Figures,
    private readonly keepDays: number | undefined,
    private readonly log: (line: string) => void,
    private readonly leaseSeconds = LEASE_SECONDS,
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
      if (await this.held()) await this.whileHeld(signal, (holding) => this.keep(coverage, now, holding))
    })
  }

  private async keep(coverage: readonly Coverage[], now: number, signal: AbortSignal): Promise<void> {
    const devices = await this.store.devices()
    const online = devices.filter(({ state }) => state === 'online' || state === 'degraded').map(({ dev }) => dev)
    await this.attempt('sealing segments', () => this.work.sealer.run(now, signal, this.held))
    if (signal.aborted) return
    await this.attempt('forgetting what is too old', () => this.expire(now))
    await this.attempt('looking for what is noted and not there', () => this.look(now, signal))
    if (signal.aborted) return
    await this.attempt('deleting objects that no segment names', () => this.sweep(now))
    if (signal.aborted) return
    // Last: a box that does not answer must not keep the rest.
    await this.work.filler.run(coverage, new Set(online), now, signal)
    await this.work.events.run(online, now, signal)
  }

  private readonly held = async (): Promise<boolean> => {
    this.holds = await this.store.lease('keeper', this.holder, this.leaseSeconds)
    return this.holds
  }

  /** Another collector need not wait until the lease ends. */
  async stop(): Promise<void> {
    if (!this.holds) return
    this.holds = false
    const release = this.store.lease('keeper', this.holder, 0).catch(() => {})
    await Promise.race([release, wait(RELEASE_MS, undefined, { ref: false })])
  }

  /** Boxes may take minutes to answer. @param work told to stop when the lease is another's, or nobody can say whose */
  private async whileHeld(signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const lost = new AbortController()
    const renewing = setInterval(
      () =>
        this.held().then(
          (held) => held || lost.abort(),
          () => lost.abort(),
        ),
      (this.leaseSeconds * 1000) / RENEWALS,
    )
    try {
      await work(AbortSignal.any([signal, lost.signal]))
    } finally {
      clearInterval(renewing)
    }
  }

  private async expire(now: number): Promise<void> {
    if (this.keepDays === undefined || now - this.expiredAt < HOUR_MS) return
    const before = new Date(now - this.keepDays * DAY_MS).toISOString()
    const { results, events, segments } = await this.store.expire(before, this.deleteObjects)
    this.expiredAt = now
    if (results + events + segments > 0)
      this.log(`forgotten, from before ${before}: ${results} results, ${events} events, ${segments} segments`)
  }

  /** Of runs that go on. Of all others, and whether objects are there, `verify --repair` asks. */
  private async look(now: number, signal: AbortSignal): Promise<void> {
    if (now - this.lookedAt < DAY_MS) return
    for (const [stream, { lost }] of await this.store.absent({ closed: false }))
      for (const span of lost)
        if (!signal.aborted) this.figures.lost(await this.store.recant(stream, span), this.store.name)
    this.lookedAt = now
  }

  private async sweep(now: number): Promise<void> {
    if (this.deleteObjects) await this.store.sweep(new Date(now - ORPHAN_MS).toISOString(), this.deleteObjects)
  }

  private get deleteObjects(): DeleteObjects | undefined {
    const { objects } = this
    return objects && ((places) => objects.delete(places))
  }

  private async attempt(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.figures.failed(what, (error as Error).message)
    }
  }
}

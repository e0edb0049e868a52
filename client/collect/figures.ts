/** What a collector has done, for /metrics and /healthz, and what it says once of things that come often. The only file that knows prom-client here. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { ResultKind } from '../../contract/topics.js'
import type { Tally } from '../store/store.js'
import type { Delivery } from './batches.js'

/** Of what is said once: so many different lines are remembered. */
const MOST_SAID = 10_000

export class Figures {
  private readonly registry = new Registry()
  private readonly said = new Set<string>()
  private up: boolean | undefined
  private linked = false
  private readonly added: Record<ResultKind, number> = { cls: 0, seg: 0, bits: 0, evt: 0 }
  private linkedAt: number | undefined
  private readonly received = this.counter('received', 'Messages that came from the broker, by kind', ['kind'])
  private readonly stored = this.counter('stored', 'Messages that are new in the store, by kind', ['kind'])
  private readonly duplicates = this.counter('duplicates', 'Messages that were in the store before')
  private readonly invalid = this.counter('invalid', 'Messages that are none of ours, kept as rejects')
  private readonly refusals = this.counter('refused', 'Messages that the database would not take, kept as rejects')
  private readonly conflicts = this.counter('device_conflicts', 'Times that two boxes spoke with one name')
  private readonly wrongClocks = this.counter(
    'wrong_clock',
    'Messages filed under when they came: the clock of their box is wrong',
  )
  private readonly outages = this.counter('store_outages', 'Times that the store stopped taking what comes, by why', [
    'why',
  ])
  private readonly asked = this.counter('asked', 'Questions to boxes for what is missing, by outcome', ['outcome'])
  private readonly unheards = this.counter(
    'unheard',
    'Gaps at the end of a run: the broker has acknowledged to the box what has not come here',
  )
  private readonly recovered = this.counter('recovered', 'Messages that were missing and came from the box itself', [
    'kind',
  ])
  private readonly segments = this.counter('segments', 'Segments put away as one object')
  private readonly unusables = this.counter('records_unusable', 'Bitstreams whose segment can never be whole, given up')
  private readonly misfits = this.counter(
    'records_misfit',
    'Bitstreams that do not follow the frame before them, kept as rejects and asked for once more',
  )
  private readonly losses = this.counter(
    'bitstreams_lost',
    'Bitstreams that were kept and lie nowhere any more, and are asked for again',
  )
  private readonly failures = this.counter('failures', 'Of background work, by what', ['what'])
  private readonly missing = this.gauge('missing', 'Messages missing and not given up')
  private readonly gone = this.gauge(
    'gone',
    'Messages of runs that go on that can never come: the boxes have evicted them',
  )
  private readonly connected = this.gauge('broker_connected', '1 while there is a connection')
  private readonly shares = this.gauge('broker_shares', '1 where the broker divides messages among collectors')
  private readonly storeIsUp = this.gauge('store_up', '1 while the store takes what comes')
  private readonly commits = this.histogram(
    'commit_seconds',
    'Of one transaction',
    [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2, 10],
  )
  private readonly lag = this.histogram(
    'settle_seconds',
    'From the arrival of a message to its acknowledgement',
    [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2, 10, 60],
  )

  constructor(
    private readonly log: (line: string) => void,
    unsettled: () => number,
  ) {
    new Gauge({
      name: 'blindsight_collect_unsettled',
      help: 'Messages that have come and are not kept yet',
      registers: [this.registry],
      collect() {
        this.set(unsettled())
      },
    })
  }

  came(kind: string): void {
    this.received.inc({ kind })
  }

  committed({ added, duplicates }: Tally, beganMs: number): void {
    for (const [kind, count] of Object.entries(added) as [ResultKind, number][]) {
      if (count > 0) this.stored.inc({ kind }, count)
      this.added[kind] += count
    }
    this.duplicates.inc(duplicates)
    this.commits.observe((performance.now() - beganMs) / 1000)
  }

  kept(batch: readonly Delivery[]): void {
    const now = performance.now()
    for (const { cameMs } of batch) this.lag.observe((now - cameMs) / 1000)
  }

  wrong(topic: string, reason: string): void {
    this.invalid.inc()
    this.once(
      `a message is none of ours, and kept as a reject, ${topic}: ${reason}`,
      `${topic.split('/').slice(0, 3)}${reason}`,
    )
  }

  refused(what: string, reason: string): void {
    this.refusals.inc()
    this.once(`${what}, and keeps it as a reject: ${reason}`, reason)
  }

  conflict(line: string, dev: string): void {
    this.conflicts.inc()
    this.once(line, `conflict ${dev}`)
  }

  wrongClock(dev: string, said: string): void {
    this.wrongClocks.inc()
    this.once(
      `the clock of ${dev} is wrong, or not set yet (it says ${said}): what it sends is filed under when it came`,
      `clock ${dev}`,
    )
  }

  /** Whether the broker divides messages among collectors. */
  divides(shared: boolean): void {
    this.shares.set(shared ? 1 : 0)
    if (shared) return
    this.once(
      'this broker does not divide messages among collectors: each gets all, and the store keeps each once',
      'does not divide',
    )
  }

  /** The broker had what it has not given here. */
  unheard(dev: string): void {
    this.unheards.inc()
    this.once(
      `the broker has taken what ${dev} has published and not passed it on: it is asked of the box; look whether the broker drops messages (mosquitto: max_queued_messages) or denies this collector their topics`,
      `unheard ${dev}`,
    )
  }

  ask(outcome: 'answered' | 'refused' | 'silent'): void {
    this.asked.inc({ outcome })
  }

  filled({ added }: Tally): void {
    for (const [kind, count] of Object.entries(added)) if (count > 0) this.recovered.inc({ kind }, count)
  }

  sealed(): void {
    this.segments.inc()
  }

  unusable(records: number): void {
    this.unusables.inc(records)
  }

  misfit(run: string, seq: number): void {
    this.misfits.inc()
    this.once(
      `a bitstream does not follow the frame before it, ${run} #${seq}: it is kept as a reject, and asked for once more; two boxes may be copies of each other`,
      `misfit ${run}`,
    )
  }

  /** @param where they should lie */
  lost(bitstreams: number, where: string): void {
    if (bitstreams === 0) return
    this.losses.inc(bitstreams)
    this.once(`${bitstreams} bitstreams are not where they were put, and asked for again, ${where}`, `lost ${where}`)
  }

  failed(what: string, reason: string): void {
    this.failures.inc({ what })
    this.once(`${what}: ${reason}`, `${what}${reason}`)
  }

  incomplete(missing: number, gone: number): void {
    this.missing.set(missing)
    this.gone.set(gone)
  }

  link(connected: boolean): void {
    this.linked = connected
    if (connected) this.linkedAt ??= performance.now()
    this.connected.set(connected ? 1 : 0)
  }

  /** What the broker has brought that is new in the store, in words. */
  get summary(): string {
    const { cls, seg, bits, evt } = this.added
    return `${cls + seg} results, ${bits} bitstreams, ${evt} events`
  }

  /** Since the first connection, whatever came between. */
  get listeningSeconds(): number {
    return this.linkedAt === undefined ? 0 : (performance.now() - this.linkedAt) / 1000
  }

  /** @returns whether that is news; that it is there at the beginning is none */
  storeUp(up: boolean, why = ''): boolean {
    const news = this.up !== up && !(this.up === undefined && up)
    if (news && !up) this.outages.inc({ why })
    this.up = up
    this.storeIsUp.set(up ? 1 : 0)
    return news
  }

  health(): { readonly ok: boolean; readonly broker: boolean; readonly store: boolean } {
    const store = this.up !== false
    return { ok: this.linked && store, broker: this.linked, store }
  }

  metrics = (): Promise<string> => this.registry.metrics()

  /** Everything that a page can have, for the reference. */
  catalogue(): { name: string; kind: string; labels: readonly string[]; help: string }[] {
    return this.registry.getMetricsAsArray().map((metric) => {
      const { labelNames = [] } = metric as { labelNames?: string[] }
      return { name: metric.name, kind: String(metric.type), labels: labelNames, help: metric.help }
    })
  }

  readonly contentType = this.registry.contentType

  /** What comes with every message is said with the first. */
  private once(line: string, key: string): void {
    if (this.said.has(key)) return
    if (this.said.size >= MOST_SAID) this.said.clear()
    this.said.add(key)
    this.log(line)
  }

  private counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name: `blindsight_collect_${name}_total`, help, labelNames, registers: [this.registry] })
  }

  private gauge(name: string, help: string): Gauge {
    return new Gauge({ name: `blindsight_collect_${name}`, help, registers: [this.registry] })
  }

  private histogram(name: string, help: string, buckets: number[]): Histogram {
    return new Histogram({ name: `blindsight_collect_${name}`, help, buckets, registers: [this.registry] })
  }
}

/** Topics that the broker refuses, each tried again by one message at growing intervals, so that the rest flows and nothing hammers. */
interface Denial {
  dueMs: number
  waitMs: number
  /** The broker hangs up on it: trying costs the connection. */
  hangsUp: boolean
  trying: boolean
}

export interface Waits {
  readonly firstMs: number
  readonly mostMs: number
}

const REFUSED: Waits = { firstMs: 10_000, mostMs: 600_000 }
/** Quotas refill. */
const QUOTA: Waits = { firstMs: 1000, mostMs: 60_000 }
const QUOTA_EXCEEDED = 0x97

export class Branches {
  private readonly denials = new Map<string, Denial>()

  constructor(
    private readonly refusedWaits: Waits = REFUSED,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** open: nothing is known against it; due: one message may try; held: wait. */
  state(topic: string): 'open' | 'due' | 'held' {
    const denial = this.denials.get(topic)
    if (!denial) return 'open'
    return denial.trying || denial.dueMs > this.now() ? 'held' : 'due'
  }

  /** How long it could have been tried and was not. */
  overdueMs(topic: string): number {
    const denial = this.denials.get(topic)
    return denial && !denial.trying ? this.now() - denial.dueMs : 0
  }

  hangsUp(topic: string): boolean {
    return this.denials.get(topic)?.hangsUp ?? false
  }

  /** One message is on its way to find out. */
  trying(topic: string): void {
    const denial = this.denials.get(topic)
    if (denial) denial.trying = true
  }

  /** It ended for a reason of its own: the next one may find out. */
  untried(topic: string): void {
    const denial = this.denials.get(topic)
    if (denial) denial.trying = false
  }

  refused(topic: string, reason: number | 'hang_up'): void {
    const { firstMs, mostMs } = reason === QUOTA_EXCEEDED ? QUOTA : this.refusedWaits
    const known = this.denials.get(topic)
    // Others of the topic that were under way with the first one say nothing new.
    if (known && !known.trying && known.dueMs > this.now()) return
    const waitMs = known ? Math.min(mostMs, known.waitMs * 2) : firstMs
    this.denials.set(topic, { dueMs: this.now() + waitMs, waitMs, hangsUp: reason === 'hang_up', trying: false })
  }

  /** The broker hangs up behind the refusal: trying costs the connection. */
  hungUp(topic: string): void {
    const denial = this.denials.get(topic)
    if (denial) denial.hangsUp = true
  }

  /** @returns whether it was refused before */
  taken(topic: string): boolean {
    return this.denials.delete(topic)
  }

  /** A new connection may have a mended broker behind it. */
  connected(): void {
    for (const denial of this.denials.values()) {
      denial.trying = false
      if (!denial.hangsUp) denial.dueMs = Math.min(denial.dueMs, this.now())
    }
  }

  /** Milliseconds until the next topic may be tried; undefined: none waits. */
  get nextMs(): number | undefined {
    const due = [...this.denials.values()].filter(({ trying }) => !trying).map(({ dueMs }) => dueMs)
    return due.length > 0 ? Math.max(0, Math.min(...due) - this.now()) : undefined
  }
}

/** What of the full service this broker does not allow, now: said once in the log, and in health as long as it lasts. */
import type { Log } from '../log.js'

/** Said again in the log only when it comes back after this long. */
const SAY_AGAIN_MS = 600_000

/** A fault that is told by single messages is over when none has told it for so long. */
const FADES_MS = 600_000

interface Fault {
  readonly reason: string
  readonly sinceMs: number
  lastMs: number
  readonly kind: Kind
}

export interface Kind {
  /** The broker is just like that, nobody need mend it: not a reason to call the box degraded. */
  readonly limit?: boolean
  readonly fades?: boolean
}

export class Service {
  private readonly faults = new Map<string, Fault>()
  private readonly said = new Map<string, number>()

  constructor(
    private readonly log: Log,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** `key` is the topic or the name of the limit: one fault each. */
  reduced(key: string, reason: string, kind: Kind = {}): void {
    const known = this.faults.get(key)
    if (known) {
      known.lastMs = this.now()
      return
    }
    this.faults.set(key, { reason, sinceMs: this.now(), lastMs: this.now(), kind })
    const said = this.said.get(key)
    const fields = { limit: key, reason }
    const again = said !== undefined && this.now() - said < SAY_AGAIN_MS
    this.log[again ? 'debug' : 'warn'](fields, TEXT)
    if (!again) this.said.set(key, this.now())
  }

  restored(key: string): void {
    if (this.faults.delete(key)) this.log.info({ limit: key }, 'the broker takes it again')
  }

  get reasons(): string[] {
    this.fade()
    return [...this.faults].map(([key, { reason }]) => text(key, reason))
  }

  /** The oldest fault that has lasted so long. */
  lasting(ms: number): string | undefined {
    this.fade()
    for (const [key, { reason, sinceMs, kind }] of this.faults)
      if (!kind.limit && this.now() - sinceMs >= ms) return text(key, reason)
    return undefined
  }

  private fade(): void {
    for (const [key, { kind, lastMs }] of this.faults)
      if (kind.fades && this.now() - lastMs >= FADES_MS) this.faults.delete(key)
  }
}

const TEXT = 'the broker does not give the full service'
const text = (key: string, reason: string) => (reason.startsWith(`${key}:`) ? reason : `${key}: ${reason}`)

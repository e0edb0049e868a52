/** What is known of frames with messages under way, or settled and not yet written: the outbox lags behind it by a moment. */
import { messageOf } from '../errors.js'
import type { Log } from '../log.js'
import type { Outbox, StoredFrame } from '../outbox.js'

/** Settled messages are written together: one short transaction instead of one per message. */
const FLUSH_MS = 50

/** Part bits, each. */
export interface Row {
  left: number
  busy: number
  unwritten: number
  readonly started: number
  /** Counted as published. */
  given: boolean
  /** One of its messages was given up. */
  lost: boolean
}

export class Ledger {
  private readonly rows = new Map<number, Row>()
  private timer: NodeJS.Timeout | undefined

  constructor(
    private readonly outbox: Outbox,
    private readonly log: Log,
  ) {}

  /** Its parts that are neither settled nor under way are `left & ~busy`. */
  of({ id, parts }: StoredFrame): Row {
    const fresh = { left: parts, busy: 0, unwritten: 0, started: performance.now(), given: false, lost: false }
    return this.rows.get(id) ?? fresh
  }

  goes(id: number, row: Row, part: number): void {
    row.busy |= part
    if (id) this.rows.set(id, row)
  }

  landed(id: number, row: Row, part: number): void {
    row.busy &= ~part
    if (!row.busy && !row.unwritten) this.rows.delete(id)
  }

  settle(id: number, row: Row, parts: number): void {
    row.left &= ~parts
    if (!id) return // it is in no outbox
    row.unwritten |= parts
    this.rows.set(id, row)
    if (!this.timer) this.timer = setTimeout(() => this.flush(), FLUSH_MS)
  }

  /** Nothing is under way any more. */
  ground(): void {
    for (const [id, row] of this.rows) this.landed(id, row, row.busy)
  }

  /** The outbox is another one. */
  forget(): void {
    this.rows.clear()
  }

  flush(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    const rows = [...this.rows].filter(([, row]) => row.unwritten)
    if (rows.length === 0) return
    try {
      this.outbox.settle(rows.map(([id, { unwritten }]) => ({ id, parts: unwritten })))
    } catch (error) {
      // A full disk: written with the next ones; until then a restart may send them again.
      this.log.warn({ reason: messageOf(error) }, 'acknowledged messages could not be taken out of the outbox')
      return
    }
    for (const [id, row] of rows) {
      row.unwritten = 0
      if (!row.busy) this.rows.delete(id)
    }
  }
}

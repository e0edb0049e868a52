/** Which messages of events have arrived: several may come with one frame, and each more than once. */
import type { EventMessage } from '../../contract/messages.js'

/** Messages that are remembered; a broker repeats what it has not been acknowledged, and that is not so much. */
const MOST = 10_000

export class EventLedger {
  duplicates = 0
  private readonly seen = new Set<string>()

  /** @returns whether it is new */
  note({ dev, id, phase, boot, seq }: EventMessage): boolean {
    const key = `${dev}/${id}/${phase}/${boot}/${seq}`
    if (this.seen.has(key)) {
      this.duplicates++
      return false
    }
    this.seen.add(key)
    if (this.seen.size > MOST) this.seen.delete(this.seen.values().next().value!)
    return true
  }
}

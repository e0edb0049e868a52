/** The last distinct faults, with how often and when: what health and `status` show. Every warning and error of the log is one. */

export interface Fault {
  readonly text: string
  readonly count: number
  readonly first: string
  readonly last: string
}

const KEPT = 20
const MAX_CHARS = 240

export class Faults {
  private readonly kept = new Map<string, Fault>()

  constructor(private readonly wall: () => string = () => new Date().toISOString()) {}

  /** Fields other than numbers tell where and why. */
  add(fields: object, text: string): void {
    const words = Object.values(fields).filter((value) => typeof value === 'string')
    const whole = words.length > 0 ? `${text} (${words.join('; ')})` : text
    const line = whole.replaceAll(/\s+/g, ' ')
    const short = line.length > MAX_CHARS ? `${line.slice(0, MAX_CHARS - 1)}…` : line
    const now = this.wall()
    const before = this.kept.get(short)
    this.kept.delete(short)
    this.kept.set(short, { text: short, count: (before?.count ?? 0) + 1, first: before?.first ?? now, last: now })
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value!)
  }

  /** Latest first. */
  latest(most = KEPT): Fault[] {
    return [...this.kept.values()].reverse().slice(0, most)
  }
}

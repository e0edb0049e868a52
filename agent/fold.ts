/**
 * A log without repeats. A line is shown at once the first time, and where others come between also the second and third; what
 * comes again after that is counted, and said as "(repeated n times)" once it has been quiet for a minute, or at growing intervals
 * where it goes on. So a camera that fails every 20 s writes a few lines an hour, and how it is in the end is said within minutes.
 */

export type Level = 'debug' | 'info' | 'warn' | 'error'
export type Show = (level: Level, fields: object, text: string) => void

/** A line that is not seen for so long is a new one when it comes again. */
const FORGET_MS = 600_000
const FIRST_INTERVAL_MS = 60_000
const LAST_INTERVAL_MS = 3_600_000
/** Times that a line is shown which comes again after others. */
const SHOWN = 3
const MAX_LINES = 256

interface Line {
  level: Level
  fields: object
  text: string
  shown: number
  folded: number
  since: string
  last: string
  shownAt: number
  lastAt: number
  interval: number
}

export class Fold {
  private readonly lines = new Map<string, Line>()
  private previous = ''

  constructor(
    private readonly show: Show,
    private readonly nowMs: () => number = () => performance.now(),
    private readonly wall: () => string = () => new Date().toISOString(),
  ) {}

  add(level: Level, fields: object, text: string): void {
    const now = this.nowMs()
    this.settle(now)
    const key = keyOf(level, fields, text)
    const again = this.previous === key
    this.previous = key
    const line = this.lines.get(key)
    if (line) {
      this.lines.delete(key)
      this.lines.set(key, line) // the map is in the order of the last time
      line.lastAt = now
      if (again || line.shown >= SHOWN || line.folded > 0) {
        line.last = this.wall()
        if (line.folded++ === 0) line.since = line.last
        line.fields = fields
        return
      }
      line.shown++
      line.shownAt = now
    } else {
      const at = { since: '', last: '', shownAt: now, lastAt: now }
      this.lines.set(key, { level, fields, text, shown: 1, folded: 0, interval: FIRST_INTERVAL_MS, ...at })
      if (this.lines.size > MAX_LINES) this.forgetOldest()
    }
    this.show(level, fields, text)
  }

  /** Says what has become quiet or has waited long enough; to be called now and then. */
  settle(now = this.nowMs()): void {
    for (const [key, line] of this.lines) {
      const due = now - line.shownAt >= line.interval || now - line.lastAt >= Math.min(line.interval, FORGET_MS)
      if (line.folded > 0 && due) {
        line.interval = Math.min(LAST_INTERVAL_MS, line.interval * 2)
        this.say(line, now)
      }
      if (now - line.lastAt >= FORGET_MS) this.lines.delete(key)
    }
  }

  /** Says all that was folded. */
  flush(): void {
    for (const line of this.lines.values()) if (line.folded > 0) this.say(line, this.nowMs())
  }

  private say(line: Line, now: number): void {
    const { folded, since, last } = line
    line.folded = 0
    line.shownAt = now
    const times = folded === 1 ? '(repeated once)' : `(repeated ${folded} times)`
    this.show(line.level, { ...line.fields, repeated: folded, since, last }, `${line.text} ${times}`)
  }

  private forgetOldest(): void {
    const [key, line] = this.lines.entries().next().value!
    this.lines.delete(key)
    if (line.folded > 0) this.say(line, this.nowMs())
  }
}

/** Numbers are measurements (a back-off, a count): what tells one line from another is its words. */
export function keyOf(level: Level, fields: object, text: string): string {
  return JSON.stringify([level, text, ...Object.entries(fields).filter(([, value]) => typeof value !== 'number')])
}

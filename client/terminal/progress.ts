/** One line of progress with the time left: rewritten in place on a terminal, now and then in a log. */
export interface ProgressSink {
  readonly isTTY?: boolean
  write(text: string): unknown
}

const terminalMs = 200
const logMs = 5000

export class Progress {
  private done = 0
  private readonly started: number
  private last: number
  private shown = false

  /** @param total undefined while the amount of work is not known */
  constructor(
    private readonly what: string,
    public total: number | undefined,
    private readonly sink: ProgressSink = process.stderr,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.started = this.last = now()
  }

  tick(count = 1): void {
    this.done += count
    if (this.now() - this.last < (this.sink.isTTY ? terminalMs : logMs)) return
    this.last = this.now()
    this.shown = true
    this.sink.write(this.sink.isTTY ? `\r${this.line()}\x1b[K` : `${this.line()}\n`)
  }

  /** Leaves the terminal at the start of an empty line: before other output, and at the end. */
  clear(): void {
    if (this.shown && this.sink.isTTY) this.sink.write('\r\x1b[K')
  }

  private line(): string {
    const seconds = (this.now() - this.started) / 1000
    const rate = `${(this.done / seconds).toFixed(1)}/s`
    if (this.total === undefined) return `${this.what}: ${this.done}, ${rate}`
    const left = Math.round((seconds / this.done) * (this.total - this.done))
    return `${this.what}: ${this.done} of ${this.total}, ${rate}, ${duration(left)} left`
  }
}

function duration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

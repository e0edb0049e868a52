/** So many at once, so many waiting, and the next one is told to come later: nobody makes a box or this server work without end. */
export class TooBusy extends Error {
  override readonly name = 'TooBusy'
}

export class Turns {
  private running = 0
  private readonly waiting: (() => void)[] = []

  constructor(
    private readonly atOnce: number,
    private readonly inLine: number,
  ) {}

  /** @throws {TooBusy} */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= this.atOnce) {
      if (this.waiting.length >= this.inLine) throw new TooBusy('too many questions at once: ask again in a moment')
      await new Promise<void>((go) => this.waiting.push(go))
    } else this.running++
    try {
      return await work()
    } finally {
      const next = this.waiting.shift()
      if (next) next()
      else this.running--
    }
  }
}

/** Events a second over the last half minute, from counters that only grow; asking changes nothing. */

const WINDOW_MS = 30_000
const SAMPLE_MS = 1000

export class Rates {
  private samples: { readonly at: number; readonly counts: ReadonlyMap<string, number> }[] = []

  constructor(private readonly nowMs: () => number = () => performance.now()) {
    this.samples.push({ at: nowMs(), counts: new Map() })
  }

  /** To be called every few seconds, so that the window moves. */
  sample(counts: ReadonlyMap<string, number>): void {
    const at = this.nowMs()
    if (at - this.samples.at(-1)!.at < SAMPLE_MS) return
    this.samples.push({ at, counts: new Map(counts) })
    while (this.samples.length > 1 && at - this.samples[1]!.at >= WINDOW_MS) this.samples.shift()
  }

  of(name: string, count: number): number {
    const [first] = this.samples
    const seconds = Math.max(0.001, (this.nowMs() - first!.at) / 1000)
    return Number(((count - (first!.counts.get(name) ?? 0)) / seconds).toFixed(2))
  }
}

/** Two boxes with one name: their runs take turns, where those of one box follow each other. */

/** Live messages of a run that was left for another one, within the time, that make it certain: restarts give none. */
const TURNS = 3
const WITHIN_MS = 300_000
/** For so long what such boxes answer is not believed. */
const DOUBT_MS = 600_000
/** Devices that are remembered. */
const MOST = 10_000

interface Seen {
  boot: string
  /** Runs that were left for another one, with when. */
  left: Map<string, number>
  turns: number[]
  certainMs?: number
}

export class Conflicts {
  private readonly devices = new Map<string, Seen>()

  /** Of a live message. @returns the two runs, when it is certain */
  note(dev: string, boot: string, nowMs: number): readonly [string, string] | undefined {
    const seen = this.devices.get(dev)
    if (!seen) {
      if (this.devices.size >= MOST) this.devices.delete(this.devices.keys().next().value!)
      this.devices.set(dev, { boot, left: new Map(), turns: [] })
      return undefined
    }
    if (seen.boot === boot) return undefined
    const before = seen.boot
    const back = seen.left.get(boot) !== undefined
    seen.left.set(before, nowMs)
    for (const [name, at] of seen.left) if (nowMs - at > WITHIN_MS) seen.left.delete(name)
    seen.boot = boot
    if (!back) return undefined
    seen.turns = [...seen.turns.filter((at) => nowMs - at <= WITHIN_MS), nowMs]
    if (seen.turns.length < TURNS) return undefined
    seen.turns = []
    seen.certainMs = nowMs
    return [before, boot]
  }

  /** Whether two boxes have had this name lately. */
  doubtful(dev: string, nowMs: number): boolean {
    const { certainMs = Number.NEGATIVE_INFINITY } = this.devices.get(dev) ?? {}
    return nowMs - certainMs < DOUBT_MS
  }
}

/** Time per stage of a frame, and the medians of the last frames. */

export interface StageTimes {
  readonly capture: number
  readonly encode: number
  readonly analyse?: number
  readonly classify?: number
  readonly segment?: number
  readonly code: number
  readonly commit: number
}

export const stageNames = ['capture', 'encode', 'analyse', 'classify', 'segment', 'code', 'commit', 'publish'] as const
export type StageName = (typeof stageNames)[number]

/** Enough for a stable median, few enough to follow a change within a minute or so. */
const KEPT = 512

export class Stages {
  private readonly kept = new Map<StageName, number[]>()

  add(times: Partial<Record<StageName, number>>): void {
    for (const name of stageNames) {
      const ms = times[name]
      if (ms === undefined) continue
      const values = this.kept.get(name) ?? []
      if (values.length === KEPT) values.shift()
      values.push(ms)
      this.kept.set(name, values)
    }
  }

  /** Milliseconds, by stage. */
  medians(): Partial<Record<StageName, number>> {
    return Object.fromEntries([...this.kept].map(([name, values]) => [name, Number(median(values).toFixed(2))]))
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Does a figure rise? A slope that outliers do not move, with its confidence interval. */

export interface Slope {
  /** Per unit of x. */
  readonly slope: number
  readonly low: number
  readonly high: number
}

/**
 * Theil-Sen: the median of the slopes between all pairs of points; its 95 % interval from the distribution of Kendall's S.
 * It takes points for independent, so give it medians of stretches of time, not every sample of a sawtooth.
 */
export function theilSen(points: readonly (readonly [number, number])[]): Slope {
  const slopes: number[] = []
  for (let i = 0; i < points.length; i++)
    for (let j = i + 1; j < points.length; j++) {
      const [[x0, y0], [x1, y1]] = [points[i]!, points[j]!]
      if (x1 !== x0) slopes.push((y1 - y0) / (x1 - x0))
    }
  if (slopes.length === 0) return { slope: 0, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
  slopes.sort((a, b) => a - b)
  const n = points.length
  const half = (1.96 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)) / 2
  const at = (position: number) => slopes[Math.max(0, Math.min(slopes.length - 1, Math.round(position)))]!
  const middle = (slopes.length - 1) / 2
  return { slope: at(middle), low: at(middle - half), high: at(middle + half) }
}

/** The median of each stretch of so many units of x. */
export function medians(points: readonly (readonly [number, number])[], stretch: number): [number, number][] {
  const stretches = new Map<number, number[]>()
  for (const [x, y] of points) {
    const key = Math.floor(x / stretch)
    stretches.set(key, [...(stretches.get(key) ?? []), y])
  }
  return [...stretches].map(([key, values]) => {
    values.sort((a, b) => a - b)
    return [(key + 0.5) * stretch, values[values.length >> 1]!]
  })
}

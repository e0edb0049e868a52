/** Lines over time as an SVG, each on a scale of its own. */

export interface Curve {
  readonly name: string
  readonly unit: string
  /** x in minutes. */
  readonly points: readonly (readonly [number, number])[]
}

const WIDTH = 900
const PANEL = 170
const LEFT = 70

/** Stretches of time are shaded, for example those without a broker. */
export function plot(title: string, curves: readonly Curve[], shaded: readonly (readonly [number, number])[]): string {
  const last = Math.max(1e-9, ...curves.flatMap(({ points }) => points.map(([x]) => x)))
  const x = (minutes: number) => LEFT + (minutes / last) * (WIDTH - LEFT - 20)
  const panels = curves.map(({ name, unit, points }, i) => {
    const top = 50 + i * PANEL
    const height = PANEL - 50
    const values = points.map(([, y]) => y)
    const [low, high] = [Math.min(...values), Math.max(...values)]
    const room = Math.max(high - low, Math.abs(high) * 0.02, 1e-9)
    const y = (value: number) => top + height - ((value - low) / room) * height
    const line = points.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
    const shades = shaded.map(
      ([from, to]) =>
        `<rect x="${x(from).toFixed(1)}" y="${top}" width="${(x(to) - x(from)).toFixed(1)}" height="${height}" fill="#eee"/>`,
    )
    return [
      ...shades,
      `<text x="${LEFT}" y="${top - 6}">${name}, ${unit}</text>`,
      `<text x="${LEFT - 6}" y="${top + 10}" text-anchor="end">${(low + room).toFixed(0)}</text>`,
      `<text x="${LEFT - 6}" y="${top + height}" text-anchor="end">${low.toFixed(0)}</text>`,
      `<rect x="${LEFT}" y="${top}" width="${WIDTH - LEFT - 20}" height="${height}" fill="none" stroke="#bbb"/>`,
      `<polyline points="${line}" fill="none" stroke="#06c" stroke-width="1.5"/>`,
    ].join('\n')
  })
  const height = 50 + curves.length * PANEL
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
<text x="${LEFT}" y="22" font-size="14">${title}</text>
${panels.join('\n')}
<text x="${WIDTH - 20}" y="${height - 6}" text-anchor="end">${last.toFixed(1)} minutes</text>
</svg>
`
}

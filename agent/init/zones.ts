/** Parts of the picture, as people say them: halves, a rectangle or corners in percent. */

export type Corner = readonly [x: number, y: number]

const rectangle = (left: number, top: number, right: number, bottom: number): Corner[] => [
  [left, top],
  [right, top],
  [right, bottom],
  [left, bottom],
]

export const PRESETS = [
  { name: 'left', label: 'left half', polygon: rectangle(0, 0, 0.5, 1) },
  { name: 'right', label: 'right half', polygon: rectangle(0.5, 0, 1, 1) },
  { name: 'upper', label: 'upper half', polygon: rectangle(0, 0, 1, 0.5) },
  { name: 'lower', label: 'lower half', polygon: rectangle(0, 0.5, 1, 1) },
  { name: 'middle', label: 'middle, a quarter of the picture', polygon: rectangle(0.25, 0.25, 0.75, 0.75) },
] as const

/** "10 20 50 60": left, top, right, bottom in percent; three points or more: "10,20 50,20 50,60". A text says what is wrong. */
export function readZone(text: string): Corner[] | string {
  const points = text.trim().split(/\s+/)
  const numbers = text.split(/[\s,;%]+/).filter(Boolean)
  if (numbers.some((number) => !/^\d+(\.\d+)?$/.test(number) || Number(number) > 100))
    return 'write numbers from 0 to 100, in percent from the top left'
  const parts = numbers.map((number) => Number((Number(number) / 100).toFixed(4)))
  if (points.every((point) => point.replace(/,$/, '').includes(','))) {
    if (parts.length !== 2 * points.length || points.length < 3) return 'write at least three corners, each as x,y'
    return points.map((_, i): Corner => [parts[2 * i]!, parts[2 * i + 1]!])
  }
  if (parts.length !== 4) return 'write four numbers (left top right bottom), or three corners and more (x,y x,y x,y)'
  const [left, top, right, bottom] = parts as [number, number, number, number]
  if (left >= right || top >= bottom) return 'left is less than right, and top less than bottom'
  return rectangle(left, top, right, bottom)
}

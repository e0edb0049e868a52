/** A zone's polygon, in 0..1 of the picture, and the places of a grid that lie in it. */

export type Point = readonly [x: number, y: number]

/** Less is a line that somebody drew by mistake: of the picture. */
const LEAST_AREA = 1e-5

/** Why these points are no polygon in the picture, and what to write; undefined: they are one. */
export function polygonFault(points: readonly Point[]): string | undefined {
  if (points.length < 3) return `has ${points.length} points; write at least three corners [x, y]`
  const outside = points.find((point) => point.some((at) => !(at >= 0 && at <= 1)))
  if (outside)
    return `[${outside.join(', ')}] is outside the picture; write 0 to 1, parts of width and height from the top left`
  const crossing = crossingSides(points)
  if (crossing)
    return `the sides from corner ${crossing[0] + 1} and from corner ${crossing[1] + 1} cross; write the corners in their order around the zone`
  if (areaOf(points) < LEAST_AREA) return 'has no area; write the corners around the zone'
  return undefined
}

/** Indices of the places of a `width` x `height` grid whose middle is inside; the one nearest to its own middle where it is smaller than that. */
export function placesIn(points: readonly Point[], width: number, height: number): Uint32Array {
  const places: number[] = []
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      if (isInside(points, (x + 0.5) / width, (y + 0.5) / height)) places.push(y * width + x)
  if (places.length === 0) {
    const middle = (axis: 0 | 1) => points.reduce((sum, point) => sum + point[axis], 0) / points.length
    const at = (share: number, size: number) => Math.min(size - 1, Math.floor(share * size))
    places.push(at(middle(1), height) * width + at(middle(0), width))
  }
  return Uint32Array.from(places)
}

/** Even-odd: a ray to the right crosses the sides an odd number of times. */
function isInside(points: readonly Point[], x: number, y: number): boolean {
  let inside = false
  for (const [[ax, ay], [bx, by]] of sidesOf(points))
    if (ay > y !== by > y && x < ax + ((y - ay) / (by - ay)) * (bx - ax)) inside = !inside
  return inside
}

const sidesOf = (points: readonly Point[]) =>
  points.map((point, i): [Point, Point] => [point, points[(i + 1) % points.length]!])

function areaOf(points: readonly Point[]): number {
  return Math.abs(sidesOf(points).reduce((sum, [[ax, ay], [bx, by]]) => sum + ax * by - bx * ay, 0)) / 2
}

/** Neighbours share a corner, so only the others can cross. */
function crossingSides(points: readonly Point[]): [number, number] | undefined {
  const sides = sidesOf(points)
  for (let i = 0; i < sides.length; i++)
    for (let j = i + 2; j < sides.length; j++)
      if (!(i === 0 && j === sides.length - 1) && cross(sides[i]!, sides[j]!)) return [i, j]
  return undefined
}

function cross([a, b]: [Point, Point], [c, d]: [Point, Point]): boolean {
  const turn = ([px, py]: Point, [qx, qy]: Point, [rx, ry]: Point) =>
    Math.sign((qx - px) * (ry - py) - (qy - py) * (rx - px))
  return turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0
}

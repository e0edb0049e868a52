import t from 'tap'
import { type Point, placesIn, polygonFault } from '../../../agent/events/polygon.js'

const square: Point[] = [
  [0.25, 0.25],
  [0.75, 0.25],
  [0.75, 0.75],
  [0.25, 0.75],
]
const whole: Point[] = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
]

t.test('places whose middle is inside, whichever way round the corners go', async (t) => {
  t.strictSame([...placesIn(square, 4, 4)], [5, 6, 9, 10])
  t.strictSame([...placesIn([...square].reverse(), 4, 4)], [5, 6, 9, 10])
  t.equal(placesIn(whole, 112, 64).length, 112 * 64, 'the edges of the picture belong to it')
  const hollow: Point[] = [...whole, [0.5, 0.5]] // a corner that goes in: the left quarter is out
  t.ok(Math.abs(placesIn(hollow, 100, 100).length - 7500) < 100)
})

t.test('a zone smaller than a place has the one that it lies in', async (t) => {
  const tiny: Point[] = [
    [0.99, 0.99],
    [1, 0.99],
    [1, 1],
  ]
  t.strictSame([...placesIn(tiny, 4, 4)], [15])
})

t.test('what is no polygon in the picture', async (t) => {
  t.equal(polygonFault(square), undefined)
  t.equal(polygonFault(whole), undefined)
  t.match(polygonFault(square.slice(0, 2)), /has 2 points; write at least three/)
  t.match(polygonFault([...square.slice(0, 3), [0.2, 1.2]]), /\[0.2, 1.2\] is outside the picture; write 0 to 1/)
  t.match(polygonFault([...square.slice(0, 3), [200, 100]]), /outside the picture/, 'pixels')
  const [a, b, c, d] = square as [Point, Point, Point, Point]
  t.match(polygonFault([a, c, b, d]), /sides from corner 1 and from corner 3 cross/)
  t.match(polygonFault([a, b, a]), /has no area/)
  t.match(polygonFault([a, a, a]), /has no area/)
})

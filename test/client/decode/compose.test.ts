import t from 'tap'
import { compose, overlay } from '../../../client/decode/compose.js'
import { classColour } from '../../../client/decode/palette.js'
import { blank, fillRect, type Picture } from '../../../client/decode/picture.js'

const grey = (width: number, height: number): Picture => {
  const picture = blank(width, height)
  fillRect(picture, 0, 0, width, height, [100, 100, 100])
  return picture
}
const pixel = ({ data, width }: Picture, x: number, y: number) => [...data.subarray((y * width + x) * 3).subarray(0, 3)]
const mixed = (name: string, id: number) => classColour(name, id).map((part) => (100 + part) >> 1)
const classes = ['sky', 'car']
const mask = { width: 2, height: 1, ids: Uint8Array.of(0, 1) }

t.test('half colour, half picture; what has no class stays as it is', async (t) => {
  const picture = grey(4, 2)
  const seen = overlay(picture, mask, classes)
  t.strictSame([pixel(seen, 1, 1), pixel(seen, 2, 0)], [mixed('sky', 0), mixed('car', 1)])
  t.strictSame(pixel(overlay(picture, { ...mask, ids: Uint8Array.of(9, 9) }, classes), 0, 0), [100, 100, 100])
  t.strictSame(pixel(picture, 0, 0), [100, 100, 100], 'the picture itself is left alone')
})

t.test('the picture, its segmentation beside it, a legend below', async (t) => {
  const view = compose(grey(100, 20), mask, classes)
  t.equal(view.width, 200)
  // Video takes even sides.
  t.equal(view.height % 2, 0)
  t.strictSame([pixel(view, 10, 10), pixel(view, 110, 10)], [[100, 100, 100], mixed('sky', 0)])
  t.strictSame(pixel(view, 5, 25), [...classColour('sky', 0)], 'a swatch')
  const many = Array.from({ length: 9 }, (_, i) => `class ${i}`)
  t.ok(compose(grey(100, 20), mask, many).height > view.height, 'as many lines as are needed')
})

import t from 'tap'
import { blank, fillRect, type Picture, paste } from '../../../client/decode/picture.js'

const reds = ({ data, width }: Picture) =>
  Array.from({ length: data.length / 3 / width }, (_, y) =>
    Array.from({ length: width }, (_, x) => data[(y * width + x) * 3]).join(''),
  )

t.test('a rectangle, of which what lies outside is left out', async (t) => {
  const picture = blank(4, 3)
  fillRect(picture, 2, -1, 9, 2, [7, 8, 9])
  t.strictSame(reds(picture), ['0077', '0000', '0000'])
  t.strictSame([...picture.data.subarray(6, 12)], [7, 8, 9, 7, 8, 9])
  fillRect(picture, -5, 2, 6, 1, [1, 1, 1])
  t.strictSame(reds(picture), ['0077', '0000', '1000'])
})

t.test('a picture into another', async (t) => {
  const target = blank(4, 3)
  const source = blank(2, 2)
  fillRect(source, 0, 0, 2, 2, [5, 5, 5])
  paste(target, source, 1, 1)
  t.strictSame(reds(target), ['0000', '0550', '0550'])
})

import t from 'tap'
import { drawText, letterHeight, letterWidth } from '../../../client/decode/font.js'
import { blank, type Picture } from '../../../client/decode/picture.js'

const drawn = ({ width, height, data }: Picture) =>
  Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => (data[(y * width + x) * 3] ? '#' : '.')).join(''),
  )
function written(text: string): string[] {
  const picture = blank(text.length * letterWidth, letterHeight)
  drawText(picture, text, 0, 0, [255, 255, 255])
  return drawn(picture)
}

t.test('letters as people know them', async (t) => {
  t.strictSame(written('T1'), [
    '#####...#...',
    '..#....##...',
    '..#.....#...',
    '..#.....#...',
    '..#.....#...',
    '..#.....#...',
    '..#....###..',
  ])
  t.strictSame(written('sky'), written('SKY'), 'small letters are drawn as capitals')
  const all = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-%'
  t.equal(new Set([...all].map((letter) => written(letter).join())).size, all.length, 'no two look the same')
})

t.test('what has no letter leaves its room, and what does not fit is left out', async (t) => {
  t.strictSame(written('é'), written(' '))
  const narrow = blank(3, 3)
  drawText(narrow, 'T', 0, 0, [1, 1, 1])
  t.strictSame(drawn(narrow), ['###', '..#', '..#'])
})

import t from 'tap'
import type { MaskMode } from '../../../../client/view/page/mask.js'
import { drawMask, drawPicture } from '../../../../client/view/page/picture.js'
import { openDom, strokesOf } from './dom.js'

const seg = { w: 2, h: 1, classes: [{ id: 1, label: 'car', frac: 1 }], mask: { enc: 'rle' as const, data: [1, 2] } }

t.test('a canvas takes the size of what is drawn on it; what cannot be drawn leaves it empty', async (t) => {
  const { show, one } = await openDom(t)
  await show(<canvas width="1" height="1" />)
  const canvas = one('canvas') as HTMLCanvasElement
  const drawn = () =>
    strokesOf(canvas)
      .splice(0)
      .map((stroke) => stroke.split('(')[0])
  drawPicture(canvas, { width: 4, height: 3, rgba: new Uint8ClampedArray(48) })
  t.strictSame([canvas.width, canvas.height, drawn()], [4, 3, ['putImageData']])
  drawMask(canvas, seg, 'things')
  t.strictSame([canvas.width, canvas.height, drawn()], [2, 1, ['putImageData']])
  const broken = { ...seg, mask: { ...seg.mask, data: [1, 9] } }
  const clears = (...what: [typeof seg | undefined, MaskMode]) => {
    drawMask(canvas, ...what)
    t.strictSame(drawn(), ['clearRect'])
  }
  clears(undefined, 'things')
  clears(seg, 'none')
  clears(broken, 'all')
})

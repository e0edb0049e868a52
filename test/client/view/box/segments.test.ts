import t from 'tap'
import { segmentsOfFrames } from '../../../../client/view/box/segments.js'

t.test('frames by the segment that they are in', async (t) => {
  const frame = (seq: number, segment?: string) => ({
    ref: `a/b/${seq}`,
    ts: `${seq}`,
    ...(segment ? { segment } : {}),
  })
  t.strictSame(segmentsOfFrames([frame(1, 'a/b/0'), frame(2, 'a/b/0'), frame(3, 'a/b/3'), frame(4)]), [
    { ref: 'a/b/0', from: '1', to: '2' },
    { ref: 'a/b/3', from: '3', to: '3' },
    { ref: 'a/b/4', from: '4', to: '4' },
  ])
  t.strictSame(segmentsOfFrames([]), [])
})

import t from 'tap'
import { Waiting } from '../../../../../client/view/page/decoder/tail.js'
import { records as coded, frames as framesOf } from '../../../../codec/scene.js'

const recordsOf = () => coded(framesOf(1, 6), 'fast', 99)

t.test('with a keyframe all before it is let go', async (t) => {
  const records = recordsOf()
  const waiting = new Waiting()
  t.ok(waiting.isEmpty)
  waiting.add(Buffer.concat(records.slice(0, 3)))
  waiting.add(records[3])
  t.strictSame(
    waiting.take().map(({ position }) => position),
    [0, 1, 2, 3],
  )
  t.ok(waiting.isEmpty)
  waiting.add(records[4])
  waiting.add(records[0])
  t.strictSame(
    waiting.take().map(({ position }) => position),
    [0],
  )
  t.throws(() => waiting.add(Buffer.from('nonsense')))
})

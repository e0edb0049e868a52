import t from 'tap'
import { foundIn } from '../../../../client/view/box/found.js'

t.test('what a frame has no answer for is left out', async (t) => {
  t.strictSame(foundIn('now', undefined, undefined, undefined), { ts: 'now' })
  const tags = [{ id: 'n1', label: 'dog', p: 0.2 }]
  t.strictSame(foundIn('now', 0, tags, undefined), { ts: 'now', motion: 0, tags })
})

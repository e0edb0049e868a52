import t from 'tap'
import { Evictions } from '../../../agent/archive/evictions.js'

const rows = (...times: number[]) => times.map((timeUs) => ({ bytes: 10, timeUs }))

t.test('sums what went for each reason, until somebody has taken the news', async (t) => {
  const evictions = new Evictions()
  evictions.add('age', rows(3, 1), 1)
  evictions.add('age', rows(5))
  evictions.add('outbox_bytes', rows(7, 8))
  evictions.add('disk_full', [])
  t.strictSame(evictions.take(), [
    { why: 'age', frames: 3, bytes: 30, unpublished: 1, fromUs: 1, toUs: 5 },
    { why: 'outbox_bytes', frames: 2, bytes: 20, unpublished: 2, fromUs: 7, toUs: 8 },
  ])
  t.strictSame(evictions.take(), [])
  t.equal(evictions.frames, 3, 'what left the outbox is in the archive still')
  t.equal(evictions.unpublished, 3)
})

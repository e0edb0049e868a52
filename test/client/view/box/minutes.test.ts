import t from 'tap'
import { Minutes } from '../../../../client/view/box/minutes.js'

t.test('mean motion of a stretch, of what was heard', async (t) => {
  const minutes = new Minutes()
  const at = Date.parse('2026-05-01T08:00:00Z')
  minutes.add('a/b', at, 0.2)
  minutes.add('a/b', at + 1000, 0.4)
  minutes.add('a/b', at + 60_000, undefined)
  t.equal(minutes.motion('a/b', at, at + 60_000)?.toFixed(2), '0.30')
  t.equal(minutes.motion('a/b', at + 60_000, at + 120_000), null, 'frames, and none said')
  t.equal(minutes.motion('a/b', at + 120_000, at + 180_000), undefined)
  t.equal(minutes.motion('a/c', at, at + 60_000), undefined)
})

import t from 'tap'
import { Feed } from '../../../../client/view/page/feed.js'
import { boot } from '../../bundle.js'
import { cameraView, frameResult, storedEvent } from '../memory.js'

t.test('an event has one entry, which changes where it stands', async (t) => {
  const feed = new Feed()
  feed.hear({ kind: 'event', event: storedEvent('a', { phase: 'start' }) })
  feed.hear({ kind: 'event', event: storedEvent('b', { phase: 'start' }) })
  feed.hear({ kind: 'event', event: storedEvent('a', { phase: 'end' }) })
  t.match(feed.events, [
    { id: 'b', phase: 'start' },
    { id: 'a', phase: 'end' },
  ])
  for (let i = 0; i < 300; i++) feed.hear({ kind: 'event', event: storedEvent(`${i}`) })
  t.equal(feed.events.length, 200)
})

t.test('tags and mask of a frame are one result; an answer holds until the next', async (t) => {
  const feed = new Feed()
  const seg = { w: 1, h: 1, classes: [], mask: { enc: 'rle' as const, data: [0, 1] } }
  feed.hear({ kind: 'result', result: frameResult(1, { tags: [{ id: 'car', label: 'car', p: 0.9 }] }) })
  feed.hear({ kind: 'result', result: frameResult(1, { seg }) })
  t.match(feed.latest('gate-1/street'), { seq: 1, tags: [{ id: 'car' }], seg: { w: 1 } })
  for (let seq = 2; seq < 100; seq++) feed.hear({ kind: 'result', result: frameResult(seq) })
  t.equal(feed.resultOf('gate-1/street', boot, 98)?.seq, 98)
  t.equal(feed.resultOf('gate-1/street', boot, 500)?.seq, 99)
  t.equal(feed.resultOf('gate-1/street', boot, 1), undefined, 'forgotten')
  t.equal(feed.resultOf('gate-1/street', 'f'.repeat(16), 98), undefined)
})

t.test('it begins with what came before, and what comes late finds its place', async (t) => {
  const feed = new Feed()
  const at = (minute: number) => ({ since: `2026-05-01T08:0${minute}:00.000Z` })
  const ids = () => feed.events.map(({ id }) => id)
  feed.hear({ kind: 'event', event: storedEvent('now', { ...at(5), phase: 'end' }) })
  feed.begin([storedEvent('now', { ...at(5), phase: 'start' }), storedEvent('b', at(3)), storedEvent('a', at(1))])
  t.strictSame(ids(), ['now', 'b', 'a'])
  t.equal(feed.events[0].phase, 'end')
  feed.hear({ kind: 'event', event: storedEvent('late', { ...at(2), phase: 'update' }) })
  t.strictSame(ids(), ['now', 'b', 'late', 'a'])
  t.equal(feed.news?.id, 'now', 'only what began or ended while somebody looks is news')
})

t.test('whoever listens is told; cameras are in order', async (t) => {
  const feed = new Feed()
  let told = 0
  const leave = feed.listen(() => told++)
  feed.hear({ kind: 'camera', camera: cameraView({ cam: 'yard' }) })
  feed.hear({ kind: 'camera', camera: cameraView() })
  leave()
  feed.hear({ kind: 'notice', text: 'gone' })
  t.equal(told, 2)
  t.equal(feed.notice, 'gone')
  t.strictSame(
    feed.list().map(({ cam }) => cam),
    ['street', 'yard'],
  )
})

import t from 'tap'
import { detailOf, healthOf, missingWords, tagsShown, troubleOf, wordsOf } from '../../../../client/view/page/words.js'
import { cameraView, storedEvent } from '../memory.js'

t.test('a camera that is well needs no words, one that is not says why', async (t) => {
  t.equal(troubleOf(cameraView()), undefined)
  t.equal(healthOf(cameraView()), 'well')
  t.match(troubleOf(cameraView({ box: 'offline' })), /gate-1 is away/)
  t.equal(healthOf(cameraView({ box: 'offline' })), 'away')
  t.match(troubleOf(cameraView({ state: 'stalled', reason: 'no frame for 10 s' })), /stalled: no frame for 10 s/)
  t.match(troubleOf(cameraView({ box: 'degraded', boxReason: 'disk full' })), /disk full/)
  t.equal(healthOf(cameraView({ box: 'degraded' })), 'poor')
  t.match(troubleOf(cameraView({ state: 'unknown' })), /Nothing has been heard/)
})

t.test('tags that are there; of classes the first', async (t) => {
  const tag = (p: number, there?: boolean) => ({ id: `${p}`, label: 'x', p, ...(there === undefined ? {} : { there }) })
  t.match(tagsShown([tag(0.9, true), tag(0.6, false), tag(0.5, true)]), [{ p: 0.9 }, { p: 0.5 }])
  t.match(tagsShown([tag(0.7), tag(0.2)]), [{ p: 0.7 }])
  t.strictSame(tagsShown([tag(0.1)]), [])
  t.strictSame(tagsShown(), [])
})

t.test('events', async (t) => {
  t.equal(wordsOf(storedEvent('a')), 'person is gone · yard 12 % · 12.4 s')
  t.equal(detailOf(storedEvent('a')), 'street · 12 s · 12 % of yard')
  t.match(detailOf(storedEvent('a', { phase: 'start', zone: null })), /^street · still there · 12 % of the picture/)
})

t.test('in the place of a picture that does not come', async (t) => {
  t.equal(missingWords(cameraView(), true), 'nothing comes live')
  const last = '2026-05-01T08:10:00.000Z'
  t.equal(missingWords(cameraView({ last }), true), 'nothing comes live: look back to 2026-05-01 08:10:00')
})

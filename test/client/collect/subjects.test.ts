import t from 'tap'
import { streamOf, subjectsOf, topicOf, unheard } from '../../../client/collect/subjects.js'

t.test('topics and subjects', async (t) => {
  t.equal(topicOf('blindsight.v1.gate-1.cam.street.cls'), 'blindsight/v1/gate-1/cam/street/cls')
  t.equal(streamOf('a/b'), 'a_b')
  t.strictSame(subjectsOf('a/b', false), [
    ...['cls', 'seg', 'evt'].map((kind) => `a.b.v1.*.cam.*.${kind}`),
    ...['cls', 'seg', 'evt'].map((kind) => `a.b.v1.*.hist.*.${kind}`),
  ])
})

t.test('what a stream that was set up by somebody lacks', async (t) => {
  const wanted = subjectsOf('b', true)
  t.strictSame(unheard(wanted, wanted), [])
  t.strictSame(unheard(['b.>'], wanted), [])
  t.strictSame(unheard(['b.v1.*.*.*.*', 'b.v1.*.bits.>'], wanted), [])
  t.strictSame(unheard(subjectsOf('b', false), wanted), ['b.v1.*.hist.*.bits', 'b.v1.*.bits.*'])
  t.strictSame(unheard(['b.v1.gate-1.>', 'b'], ['b.v1.*.bits.*', 'b']), ['b.v1.*.bits.*'], 'of one box only')
  t.strictSame(unheard(['b.>'], ['b']), ['b'])
})

import t from 'tap'
import { filedAt, wrongTime } from '../../../client/store/commit.js'
import { infoAt } from '../../codec/scene.js'
import { makeBundle, makeFrame } from '../bundle.js'
import { bits, cls, evt } from './suite.js'

t.test('a time is that of the frame unless it cannot be', async (t) => {
  const at = '2026-05-01T08:00:00.000Z'
  t.equal(filedAt('2026-05-01T07:59:59.5Z', at), '2026-05-01T07:59:59.500Z')
  t.equal(filedAt('2026-04-01T00:00:00Z', at), '2026-04-01T00:00:00.000Z', 'history')
  t.equal(filedAt('2026-05-01T08:59:00Z', at), '2026-05-01T08:59:00.000Z', 'a clock that is a little ahead')
  t.equal(filedAt('2026-05-01T09:00:01Z', at), at)
  t.equal(filedAt('1970-01-01T00:00:12Z', at), at)
})

t.test('a clock that cannot be believed, whatever the message', async (t) => {
  const at = '2026-05-01T08:10:00.000Z'
  t.equal(wrongTime(cls(1), at), undefined)
  t.equal(wrongTime(cls(1, { ts: '2031-01-01T00:00:00.000Z' }), at), '2031-01-01T00:00:00.000Z')
  t.equal(wrongTime(cls(1, { ts: '1970-01-01T00:00:00.000Z', clk: 'unsynced' }), at), '1970-01-01T00:00:00.000Z')
  t.ok(wrongTime(evt('a', 'start', 1, { ts: '2019-01-01T00:00:00.000Z' }), at))
  const frame = bits(makeFrame(makeBundle(t.testdir()), 1, undefined, { camera: infoAt(0).camera }))
  t.equal(wrongTime(frame, '2031-01-01T00:00:00.000Z'), undefined)
  t.ok(wrongTime(frame, '2020-01-02T00:00:00.000Z'), 'of the future, seen from then')
})

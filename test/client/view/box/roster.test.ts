import t from 'tap'
import { Roster } from '../../../../client/view/box/roster.js'
import { eventMessage } from '../../box.js'

const ts = '2026-05-01T08:00:00.000Z'
const info = {
  ...{ v: 1, dev: 'gate-1', version: '0', boot: 'b', session: 's', bundle: { id: 'x', sha256: 'y', files: {} } },
  ...{ providers: {}, cameras: [{ id: 'street', width: 448, height: 256, fps: 10, heads: [] }] },
}

t.test('what a box says of itself, in any order', async (t) => {
  const roster = new Roster()
  roster.camera('gate-1', 'street', 'state', { v: 1, state: 'online', reason: 'frames come', since: ts })
  t.match(roster.list(), [{ cam: 'street', state: 'online', box: 'unknown' }])
  roster.box('gate-1', 'state', { v: 1, state: 'degraded', session: 's', ts, reason: 'disk full' })
  roster.box('gate-1', 'info', info)
  t.match(roster.list(), [{ width: 448, height: 256, fps: 10, box: 'degraded', boxReason: 'disk full' }])
  const [away] = roster.box('gate-1', 'state', { v: 1, state: 'offline', session: 's', ts })
  t.match(away, { box: 'offline', state: 'online' })
  t.notOk('boxReason' in away)
  t.equal(roster.forget('gate-1', 'street')[0].state, 'disabled')
})

t.test('zones and classes are known from events', async (t) => {
  const roster = new Roster()
  t.equal(roster.event(eventMessage('a', 'start', 1)).length, 1)
  t.equal(roster.event(eventMessage('b', 'start', 2)).length, 0, 'nothing new')
  t.match(roster.list(), [{ zones: ['yard'], classes: ['person'] }])
  t.throws(() => roster.camera('gate-1', 'street', 'state', { v: 1, state: 'dancing' }))
})

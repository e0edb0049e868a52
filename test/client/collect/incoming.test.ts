import t from 'tap'
import { read, resultTopics, stateTopics } from '../../../client/collect/incoming.js'
import { sample } from '../../agent/http/sample.js'
import { classifyResult, eventMessage } from '../box.js'
import { boot } from '../bundle.js'

const at = '2026-05-01T08:00:00.000Z'
const of = (topic: string, json: unknown, listening = { seconds: 100, bits: true }, retained = false) =>
  read(
    'a/b',
    {
      topic: `a/b/v1/${topic}`,
      payload: Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)),
      retained,
    },
    at,
    listening,
  )

t.test('topics: results divided, states not', async (t) => {
  const shared = resultTopics('fleet', 'g', false)
  t.ok(shared.every((topic) => topic.startsWith('$share/g/fleet/v1/+/')))
  t.notOk(shared.some((topic) => /bits/.test(topic)))
  t.ok(resultTopics('fleet', undefined, true).includes('fleet/v1/+/bits/+'))
  t.strictSame(stateTopics('fleet').length, 5)
  t.notOk(stateTopics('fleet').some((topic) => topic.startsWith('$share')))
})

t.test('results and events', async (t) => {
  t.match(of('gate-1/cam/street/cls', classifyResult(3)), {
    message: { kind: 'cls', key: { boot, seq: 3 }, hist: false },
  })
  t.match(of('gate-1/hist/street/cls', classifyResult(3, true)), { message: { hist: true } })
  t.match(of('gate-1/cam/street/evt', eventMessage('e', 'start', 4)), { message: { kind: 'evt', event: { id: 'e' } } })
})

t.test('states of boxes and cameras', async (t) => {
  const state = { v: 1, state: 'degraded', session: 's', ts: at, reason: 'disk' }
  t.match(of('gate-1/state', state), { state: { what: 'state', dev: 'gate-1', state: 'degraded', reason: 'disk', at } })
  const camera = { v: 1, state: 'offline', reason: 'refused', since: at }
  t.match(of('gate-1/cam/street/state', camera), {
    state: { what: 'camera', cam: 'street', state: 'offline', since: at },
  })
  const now = { v: 1, ts: at, present: [] }
  t.match(of('gate-1/cam/street/now', now), { state: { what: 'now', cam: 'street', json: JSON.stringify(now) } })
  t.equal(of('gate-1/state', ''), undefined, 'one that was deleted is no news')
})

t.test('how far the broker has what a box has published', async (t) => {
  const [street] = sample.health!.cams
  const said = (uptime_s: number | undefined, more: object, bits = true, retained = false) => {
    const cams = [
      { ...street, frames_left_out: 0, newest: { boot, cls: 7, bits: 5 }, ...more },
      { ...street, id: 'yard', newest: undefined },
    ]
    const found = of('gate-1/health', { ...sample.health!, uptime_s, cams }, { seconds: 100, bits }, retained)
    return found && 'state' in found && found.state.what === 'health' ? found.state.runs : undefined
  }
  const run = { cam: 'street', boot, due: 'all', thinned: false, newest: { cls: 7, bits: 5 } }
  t.strictSame(said(99, {}), [run])
  t.strictSame(said(100, {}), [{ ...run, due: 'onwards' }], 'a run that was there before somebody listened')
  t.match(said(undefined, {}), [{ due: 'onwards' }])
  t.match(said(9, { frames_left_out: 3 }), [{ thinned: true }])
  t.match(said(9, {}, true, true), [{ due: 'known' }], 'what the broker has kept may be of any time')
  t.strictSame(said(99, {}, false), [{ ...run, newest: { cls: 7 } }], 'bitstreams that nobody wants are not missing')
})

t.test('what is none of ours says why', async (t) => {
  t.throws(() => of('gate-1/state', { v: 1, state: 'asleep', session: 's', ts: at }), /state: /)
  t.throws(() => of('gate-1/info', { v: 1 }), /dev: /)
  t.throws(() => of('gate-1/health', '{'), /JSON/)
  t.throws(() => of('Gate 1/state', {}), /unexpected topic a\/b\/v1\/Gate 1\/state/)
  t.throws(() => of('gate-1/cam/street/xyz', {}), /unexpected topic/)
  t.throws(() => of('gate-2/cam/street/cls', classifyResult(3)), /payload of gate-1\/street, topic of gate-2\/street/)
  t.throws(() => of('gate-1/cam/street/cls', { ...classifyResult(3), v: 2 }), /v: /)
})

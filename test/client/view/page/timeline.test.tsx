import t from 'tap'
import { Timeline } from '../../../../client/view/page/timeline.js'
import { storedEvent } from '../memory.js'
import { openDom, strokesOf } from './dom.js'

const from = Date.UTC(2026, 4, 1)
const span = { from, to: from + 24 * 3_600_000 }
const events = [
  storedEvent('a', {
    since: new Date(from + 12 * 3_600_000).toISOString(),
    until: new Date(from + 13 * 3_600_000).toISOString(),
  }),
]
const activity = new Map([['gate-1/street', { recorded: [1, 0], motion: [0.25, null] }]])

t.test('a lane a camera: what is recorded, what moved, what came; keys and pointer lead there', async (t) => {
  const dom = await openDom(t)
  const did: unknown[] = []
  const timeline = (
    <Timeline
      {...{ cameras: ['gate-1/street', 'gate-1/yard'], span, events, activity, at: from + 6 * 3_600_000, utc: true }}
      seek={(camera, ms) => did.push([camera, (ms - from) / 3_600_000])}
      pan={(parts) => did.push(`pan ${parts}`)}
      zoom={(factor, around) => did.push(`zoom ${factor} at ${(around - from) / 3_600_000} h`)}
    />
  )
  await dom.show(timeline)
  const lanes = dom.one('[role=application]')
  t.match(lanes.getAttribute('aria-label'), /^Timeline of gate-1\/street, gate-1\/yard, 00:00:00 to 00:00:00, 1 events/)
  const drawn = strokesOf(dom.one('canvas')).join('\n')
  t.match(drawn, 'fillRect(0,14,400.5,24) --recorded')
  t.match(drawn, 'fillRect(0,26,400,12) --motion')
  t.match(drawn, /fillRect\(400,14,34,24\) rgb/)
  t.match(drawn, 'fillRect(199,0,2,92) --accent')
  // 800 pixels are a day: a pixel is 1.8 minutes.
  await dom.send(lanes, 'click', { offsetX: 100, offsetY: 50 })
  await dom.send(lanes, 'click', { offsetX: 410, offsetY: 5 })
  t.strictSame(
    did.splice(0),
    [
      ['gate-1/yard', 3],
      ['gate-1/street', 12],
    ],
    'an event is played from its begin',
  )
  await dom.send(lanes, 'pointermove', { offsetX: 405, offsetY: 20 })
  t.match(dom.text('.hint'), /^gate-1\/street 12:00:00 · person is gone/)
  await dom.send(lanes, 'pointerleave')
  t.match(dom.text('.hint'), /^Click or press Enter/)
  await dom.key(lanes, 'ArrowRight')
  await dom.key(lanes, 'ArrowDown')
  await dom.key(lanes, 'Enter')
  t.strictSame(did.splice(0), [['gate-1/yard', 6.24]])
  await dom.key(lanes, '+')
  await dom.key(lanes, 'End')
  await dom.key(lanes, 'ArrowRight')
  await dom.key(lanes, 'Home')
  await dom.key(lanes, 'ArrowLeft')
  t.strictSame(did.splice(0), ['zoom 0.25 at 6.24 h', 'pan 0.5', 'pan -0.5'])
  const wheel = async (more: object) =>
    (await dom.send(lanes, 'wheel', { offsetX: 400, deltaY: 1, ...more })).defaultPrevented
  t.strictSame(
    [await wheel({}), await wheel({ ctrlKey: true }), await wheel({ shiftKey: true })],
    [false, true, true],
    'the page scrolls as ever',
  )
  t.strictSame(did, ['zoom 2 at 12 h', 'pan 0.25'])
})

import t from 'tap'
import { Controls } from '../../../../client/view/page/controls.js'
import type { Showing } from '../../../../client/view/page/projector.js'
import { openDom } from './dom.js'
import { filmOf } from './film-of.js'

t.test('nothing can be pressed before there is a picture; then everything does what it says', async (t) => {
  const { show, all, one, click, enter } = await openDom(t)
  const did: unknown[] = []
  const controls = (showing: Showing) => (
    <Controls
      {...{ showing, utc: true }}
      toggle={() => did.push('toggle')}
      by={(frames) => did.push(frames)}
      jump={(index) => did.push(`to ${index}`)}
      faster={() => did.push('faster')}
    />
  )
  await show(controls({ busy: true, playing: false, speed: 1 }))
  t.strictSame(
    all('[disabled]').map((element) => element.getAttribute('aria-label') ?? element.textContent),
    ['One frame back', 'Play', 'One frame on', 'Frame of the segment'],
  )
  await show(controls({ busy: false, playing: true, speed: 2, shot: { film: filmOf(1, 3), index: 1 } }))
  t.strictSame(all('[disabled]'), [])
  for (const name of ['One frame back', 'One frame on', 'Pause', 'Speed 2 times']) await click(name)
  const slider = one('input')
  t.strictSame([slider.getAttribute('max'), slider.getAttribute('aria-valuetext')], ['2', '08:00:01.0'])
  await enter(slider, '2')
  t.strictSame(did, [-1, 1, 'toggle', 'faster', 'to 2'])
})

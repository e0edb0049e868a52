import t from 'tap'
import { Untold } from '../../../agent/events/untold.js'
import type { Telling } from '../../../agent/events/watch.js'

const mark = { bootMs: 0, ref: 'c/b/0' }
const telling = (id: string, phase: Telling['phase'], share = 0.1): Telling => ({
  id,
  phase,
  class: 'person',
  zone: null,
  since: mark,
  until: mark,
  peak: { ...mark, p: 1, share },
})
const phases = (untold: Untold, count = 99) => untold.first(count).map(({ id, phase }) => `${id} ${phase}`)

t.test('what was not told stays, oldest first', async (t) => {
  const untold = new Untold()
  untold.add([telling('a', 'start'), telling('b', 'start'), telling('c', 'start')])
  t.strictSame(phases(untold, 2), ['a start', 'b start'])
  untold.told(untold.first(2))
  untold.add([telling('a', 'end')])
  t.strictSame(phases(untold), ['c start', 'a end'])
})

t.test('what began and ended while nothing could be told was not', async (t) => {
  const untold = new Untold()
  untold.add([telling('a', 'start')])
  untold.add([telling('a', 'update', 0.3)])
  t.match(untold.first(9), [{ phase: 'start', peak: { share: 0.3 } }])
  untold.add([telling('a', 'end')])
  t.strictSame(phases(untold), [])
})

t.test('however long it lasts, an event waits with one message', async (t) => {
  const untold = new Untold()
  for (let i = 0; i < 100; i++) untold.add([telling('a', 'update', i / 100)])
  t.match(untold.first(9), [{ phase: 'update', peak: { share: 0.99 } }])
  untold.add([telling('a', 'end')])
  t.strictSame(phases(untold), ['a end'])
})

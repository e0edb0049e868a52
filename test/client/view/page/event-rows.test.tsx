import t from 'tap'
import { colourOf, EventRows } from '../../../../client/view/page/event-rows.js'
import type { StoredEvent } from '../../../../client/view/source.js'
import { storedEvent } from '../memory.js'
import { openDom } from './dom.js'

const events = Array.from({ length: 1000 }, (_, i) =>
  storedEvent(`e-${i}`, { label: `thing ${i}`, since: new Date(Date.UTC(2026, 4, 1, 8, 0, i)).toISOString() }),
)

t.test('a list of any length: only what is seen is made, arrow keys move, Enter opens', async (t) => {
  const { show, all, one, key, send, does } = await openDom(t)
  const opened: string[] = []
  const open = ({ id }: StoredEvent) => opened.push(id)
  await show(<EventRows {...{ events, utc: true, empty: 'none', current: 'e-2', open }} />)
  const list = one('[role=listbox]')
  t.ok(all('[role=option]').length < 60)
  t.equal(all('[role=option]')[0].getAttribute('aria-setsize'), '1000')
  t.strictSame(
    all('[aria-selected=true]').map(({ id }) => id),
    ['event-2'],
  )
  t.match(all('[role=option]')[1].textContent, /^08:00:01thing 1 in yard/)
  // As a browser has it.
  list.scrollTop = 0
  const active = () => list.getAttribute('aria-activedescendant')
  t.equal(active(), 'event-0')
  await key(list, 'ArrowDown')
  t.ok((await key(list, 'ArrowDown')).defaultPrevented)
  t.equal(active(), 'event-2')
  await key(list, 'Enter')
  await key(list, 'Home')
  await key(list, 'ArrowUp')
  t.equal(active(), 'event-0', 'no further than the first')
  await key(list, 'End')
  t.equal(list.scrollTop, 1000 * 44 - 600, 'what is meant is scrolled to')
  await send(list, 'scroll')
  t.equal(active(), 'event-999')
  await key(list, 'Enter')
  await does(() => all('[role=option]').at(-3)!.click())
  t.strictSame(opened, ['e-2', 'e-999', 'e-997'])
  t.notOk((await key(list, 'x')).defaultPrevented)
})

t.test('nothing is said in words', async (t) => {
  const { show, text, all } = await openDom(t)
  await show(<EventRows {...{ events: [], utc: true, empty: 'Nothing came.', open: () => {} }} />)
  t.equal(text(), 'Nothing came.')
  t.strictSame(all('[role=listbox]'), [])
})

t.test('an event has the colour of its mask, lighter', async (t) => {
  t.equal(colourOf({ class: 'vehicle', label: 'vehicle' }), colourOf({ class: 'other', label: 'car' }))
  t.match(colourOf({ class: 'person', label: 'person' }), /^rgb\(\d+ \d+ \d+\)$/)
})

import t from 'tap'
import { Filters } from '../../../../client/view/page/filters.js'
import type { Place } from '../../../../client/view/page/place.js'
import { cameraView } from '../memory.js'
import { type Dom, openDom } from './dom.js'

const at = Date.UTC(2026, 4, 1, 12)
const cameras = [cameraView(), cameraView({ cam: 'yard' }), cameraView({ dev: 'gate-2', cam: 'door' })]

async function shown(dom: Dom, over: Partial<Place> = {}) {
  const went: Partial<Place>[] = []
  const place: Place = { view: 'back', at, utc: true, ...over }
  const filters = (
    <Filters place={place} cameras={cameras} classes={['person', 'car']} zones={['yard']} go={(to) => went.push(to)} />
  )
  await dom.show(filters)
  const options = (name: string) => [...dom.named(name).querySelectorAll('option')].map(({ value }) => value)
  return { went, options }
}

t.test('by device, camera, class and zone', async (t) => {
  const dom = await openDom(t)
  const { went, options } = await shown(dom)
  t.strictSame(options('Device'), ['', 'gate-1', 'gate-2'])
  t.strictSame(options('Camera'), ['', 'door', 'street', 'yard'])
  t.strictSame(options('Class'), ['', 'car', 'person'])
  for (const [name, value] of [
    ['Device', 'gate-2'],
    ['Camera', 'yard'],
    ['Class', 'car'],
    ['Zone', 'yard'],
    ['Zone', ''],
  ])
    await dom.enter(dom.named(name), value)
  t.strictSame(went, [
    // A camera of another box is meant no longer.
    { dev: 'gate-2', cam: undefined },
    { cam: 'yard' },
    { class: 'car' },
    { zone: 'yard' },
    { zone: undefined },
  ])
})

t.test('of a device its cameras; what a link names stays, known or not', async (t) => {
  const dom = await openDom(t)
  const { options } = await shown(dom, { dev: 'gate-2', class: 'boat' })
  t.strictSame(options('Camera'), ['', 'door'])
  t.strictSame(options('Class'), ['', 'boat', 'car', 'person'])
  const chosen = [...dom.named('Class').querySelectorAll('option')].filter((option) => option.selected)
  t.strictSame(
    chosen.map(({ value }) => value),
    ['boat'],
  )
})

t.test('day by day', async (t) => {
  const dom = await openDom(t)
  const { went } = await shown(dom)
  const day = dom.one('input[type=date]')
  t.equal((day as HTMLInputElement).value, '2026-05-01')
  await dom.click('The day before')
  await dom.click('The day after')
  await dom.enter(day, '2026-03-09')
  await dom.enter(day, '')
  t.strictSame(
    went,
    [{ at: Date.UTC(2026, 3, 30) }, { at: Date.UTC(2026, 4, 2) }, { at: Date.UTC(2026, 2, 9) }],
    'an empty day is none',
  )
  const before = Date.now()
  await dom.click('Now')
  t.ok((went.at(-1)?.at ?? 0) >= before)
})

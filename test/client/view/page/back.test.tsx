import t from 'tap'
import type { Place } from '../../../../client/view/page/place.js'
import { cameraView, storedEvent } from '../memory.js'
import { type Dom, openDom } from './dom.js'

const at = Date.UTC(2026, 4, 1, 12)
const place: Place = { view: 'back', dev: 'back-box', at, utc: true }
const event = (id: string, over: object = {}) =>
  storedEvent(id, { dev: 'back-box', cam: 'lane', since: '2026-05-01T08:00:00.000Z', ...over })

async function shown(dom: Dom, over: Partial<Place> = {}) {
  const { Back } = await import('../../../../client/view/page/back.js')
  const { feed } = await import('../../../../client/view/page/shared.js')
  await dom.does(() =>
    feed.hear({
      kind: 'camera',
      camera: cameraView({ dev: 'back-box', cam: 'lane', zones: ['gate'], classes: ['person'] }),
    }),
  )
  const went: Partial<Place>[] = []
  await dom.show(<Back place={{ ...place, ...over }} mask="none" go={(to) => went.push(to)} />)
  await dom.does(() => {})
  return { went, feed }
}
const options = (dom: Dom, name: string) => [...dom.named(name).querySelectorAll('option')].map(({ value }) => value)

t.test('the events of the day, those that were asked for; one is played from its begin', async (t) => {
  const dom = await openDom(t)
  Object.assign(dom.answers, {
    events: { items: [event('a'), event('b', { class: 'car', zone: 'road' })] },
    segments: [],
  })
  const { went } = await shown(dom, { class: 'person' })
  const asked = dom.asked.find((one) => one.startsWith('api/events'))!
  t.match(Object.fromEntries(new URLSearchParams(asked.split('?')[1])), {
    ...{ dev: 'back-box', class: 'person', from: '2026-05-01T00:00:00.000Z', to: '2026-05-02T00:00:00.000Z' },
  })
  t.equal(dom.text('aside h2'), '2 events')
  t.strictSame(
    [options(dom, 'Class'), options(dom, 'Zone')],
    [
      ['', 'car', 'person'],
      ['', 'gate', 'road', 'yard'],
    ],
    'of the configuration and of what was found',
  )
  await dom.does(() => dom.all('[role=option]')[0].click())
  t.strictSame(went, [{ dev: 'back-box', cam: 'lane', at: Date.UTC(2026, 4, 1, 8) }])
  await dom.click('1 h')
  t.match(dom.one('[role=application]').getAttribute('aria-label'), /11:30:00 to 12:30:00/)
})

t.test('a box that is away, and a question that fails, are said', async (t) => {
  const dom = await openDom(t)
  Object.assign(dom.answers, { events: new Error('back-box: no answer within 10 s'), segments: [] })
  const { feed } = await shown(dom)
  t.match(dom.text('.back > .trouble'), 'back-box: no answer within 10 s')
  t.equal(dom.text('aside .empty'), 'No events could be had: above stands why.')
  dom.answers.events = { items: [] }
  await dom.does(() =>
    feed.hear({ kind: 'camera', camera: cameraView({ dev: 'back-box', cam: 'lane', box: 'offline' }) }),
  )
  await shownAgain(dom)
  await dom.does(() =>
    feed.hear({ kind: 'camera', camera: cameraView({ dev: 'back-box', cam: 'lane', box: 'offline' }) }),
  )
  t.match(dom.text('.back > .trouble'), /^The box back-box is away/)
})

t.test('the events of the others are shown while one box is away, and that one is named', async (t) => {
  const dom = await openDom(t)
  Object.assign(dom.answers, {
    'events?dev=away-box': new Error('box away-box is away (offline)'),
    events: { items: [event('a')] },
    segments: [],
  })
  const { feed } = await import('../../../../client/view/page/shared.js')
  feed.hear({ kind: 'camera', camera: cameraView({ dev: 'away-box', cam: 'lane' }) })
  t.teardown(() => feed.cameras.delete('away-box/lane'))
  await shown(dom, { dev: undefined, cam: 'lane' })
  t.strictSame(
    [dom.text('.back > .trouble'), dom.text('aside h2'), dom.all('[role=option]').length],
    ['box away-box is away (offline)', '1 event that could be had', 1],
  )
})

/** Of another day, so that it is asked anew. */
const shownAgain = (dom: Dom) => shown(dom, { at: at - 86_400_000 })

t.test('of more than one camera none is played before one is chosen', async (t) => {
  const dom = await openDom(t)
  Object.assign(dom.answers, { events: { items: [] }, segments: [] })
  const { feed } = await shown(dom)
  await dom.does(() => feed.hear({ kind: 'camera', camera: cameraView({ dev: 'back-box', cam: 'other' }) }))
  t.match(dom.text('.stage .panel'), /Choose a camera, an event, or a place in the timeline/)
  await shown(dom, { cam: 'other' })
  t.match(dom.text('.about'), 'back-box/other')
  feed.cameras.delete('back-box/other')
})

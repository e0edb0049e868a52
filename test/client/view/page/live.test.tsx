import t from 'tap'
import type { Place } from '../../../../client/view/page/place.js'
import { cameraView } from '../memory.js'
import { FakeSource, openDom } from './dom.js'

const place: Place = { view: 'live', dev: 'live-box', utc: true }

t.test('cameras, a dozen at a time, with the pictures of those that are seen', async (t) => {
  const dom = await openDom(t)
  const { Live } = await import('../../../../client/view/page/live.js')
  const { feed } = await import('../../../../client/view/page/shared.js')
  const went: Partial<Place>[] = []
  await dom.show(<Live place={place} mask="things" go={(to) => went.push(to)} />)
  t.match(dom.text('section .empty'), /No camera has been heard of yet/)
  const name = (i: number) => `c-${String(i).padStart(2, '0')}`
  await dom.does(() => {
    for (let i = 0; i < 14; i++) feed.hear({ kind: 'camera', camera: cameraView({ dev: 'live-box', cam: name(i) }) })
  })
  t.equal(dom.all('.tile').length, 12)
  t.match(dom.text('.pages'), '1 to 12 of 14')
  const pictures = () => new URLSearchParams(FakeSource.opened.at(-1)!.url.split('?')[1]).get('pictures')
  t.equal(pictures()?.split(',').length, 12)
  await dom.click('Next')
  t.equal(dom.all('.tile').length, 2)
  t.equal(pictures(), 'live-box/c-12,live-box/c-13')
  await dom.click('Look back at live-box/c-13')
  t.match(went, [{ view: 'back', dev: 'live-box', cam: 'c-13' }])
  t.ok(went[0].at! < Date.now(), 'a little before now')
  await dom.click('Back')
  t.equal(dom.all('.tile').length, 12)
  await dom.show(null)
  t.ok(FakeSource.opened.at(-1)!.closed)
})

t.test('where nothing comes live, a tile leads to what was recorded last', async (t) => {
  const dom = await openDom(t)
  const { Live } = await import('../../../../client/view/page/live.js')
  const { feed } = await import('../../../../client/view/page/shared.js')
  t.teardown(() => feed.hear({ kind: 'notice', text: undefined }))
  const last = '2026-05-01T08:10:00.000Z'
  feed.hear({ kind: 'camera', camera: cameraView({ dev: 'stored-box', last }) })
  feed.hear({ kind: 'notice', text: 'no connection to the broker' })
  const went: Partial<Place>[] = []
  await dom.show(<Live place={{ ...place, dev: 'stored-box' }} mask="things" go={(to) => went.push(to)} />)
  await dom.click('Look back at stored-box/street')
  t.match(went, [{ view: 'back', dev: 'stored-box', cam: 'street', at: Date.parse(last) }])
})

import t from 'tap'
import { openDom } from './dom.js'

t.test('who looks, at what, in which times and with which mask', async (t) => {
  const dom = await openDom(t)
  const { App } = await import('../../../../client/view/page/app.js')
  Object.assign(dom.answers, {
    session: { place: 'the broker hub:1883', who: 'ann', address: '10.0.0.7' },
    recent: [],
    events: { items: [] },
    segments: [],
  })
  await dom.show(<App />)
  t.match(
    dom.text('footer'),
    /Pictures are reconstructed here, in this browser, from bitstreams of the broker hub:1883, by ann \(10\.0\.0\.7\)\. Each view is written down\./,
  )
  t.ok(dom.named('Live').hasAttribute('aria-current'))
  for (const mode of ['Mask: things', 'Mask: everything', 'Mask: off']) await dom.click(mode)
  t.ok(dom.named('Mask: things'))
  const zone = dom.one('[title="Local time or UTC"]')
  t.equal(zone.getAttribute('aria-pressed'), 'false')
  await dom.does(() => zone.click())
  t.strictSame([zone.textContent, location.hash], ['UTC', '#live?utc=1'])
  await dom.click('Look back')
  t.match(location.hash, /^#back\?t=.*&utc=1$/)
  t.ok(dom.named('Look back').hasAttribute('aria-current'))
  t.ok(dom.one('.back'))
  location.hash = '#live'
  await dom.send(document, 'hashchange')
  t.ok(dom.one('.live'), 'a link, and the browser’s way back')
})

t.test('a server that does not answer is said across the page', async (t) => {
  const dom = await openDom(t)
  const { App } = await import('../../../../client/view/page/app.js')
  await dom.show(<App />)
  t.match(dom.text('.notice'), /viewing server does not answer. Is `blindsight view` still running\?/)
  t.equal(dom.text('footer'), '')
})

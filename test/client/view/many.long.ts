/** A day of 100,000 events: the page makes no more of them than are seen. */
import { loadavg } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { Bundles } from '../../../client/bitstreams/bundles.js'
import { routesOf } from '../../../client/view/api/routes.js'
import { ViewServer } from '../../../client/view/server.js'
import type { EventQuery } from '../../../client/view/source.js'
import { root } from '../../e2e/program.js'
import { until } from '../../e2e/until.js'
import { openBrowser, openPage } from './chromium.js'
import { MemorySource, storedEvent } from './memory.js'

const COUNT = 100_000
const from = Date.parse('2026-05-01T00:00:00Z')

class ManyEvents extends MemorySource {
  override async events({ limit, cursor = '0' }: EventQuery) {
    const first = Number(cursor)
    const items = Array.from({ length: Math.min(limit, COUNT - first) }, (_, i) => {
      const since = from + (first + i) * 860
      const times = { since: new Date(since).toISOString(), until: new Date(since + 500).toISOString() }
      return storedEvent(`event-${first + i}`, { ...times, class: i % 2 ? 'person' : 'vehicle' })
    })
    const next = first + items.length
    return { items, ...(next < COUNT ? { cursor: `${next}` } : {}) }
  }
}

t.test('100,000 events in a day', async (t) => {
  const source = new ManyEvents()
  const server = new ViewServer({
    ...{ host: '127.0.0.1', port: 0, user: 'guard', source, log: () => {} },
    api: routesOf(source, new Bundles(t.testdir()), '1'),
    pageDir: join(root, 'dist', 'client', 'view', 'page'),
  })
  const address = await server.start()
  t.teardown(() => server.stop())
  const browser = await openBrowser()
  t.teardown(() => browser.close())
  const { page, complaints } = await openPage(
    browser,
    `${address}#back?dev=gate-1&cam=street&t=2026-05-01T12:00:00Z&utc=1`,
  )
  await page.getByText('100,000 events', { exact: true }).waitFor()
  const rows = () => page.locator('.row').count()
  t.ok((await rows()) < 60, `${await rows()} rows`)
  await page.locator('.rows').focus()
  await page.keyboard.press('End')
  await until('the last', async () => (await page.locator('.row').last().getAttribute('aria-posinset')) === `${COUNT}`)
  t.ok((await rows()) < 60)
  // Frames while the list is scrolled and the pointer runs along the timeline; told, since it depends on the machine.
  const [median, slow] = await page.evaluate(async () => {
    const list = document.querySelector('.rows')!
    const lanes = document.querySelector('.lanes')!
    const deltas: number[] = []
    let before = await new Promise<number>((resolve) => requestAnimationFrame(resolve))
    for (let i = 0; i < 120; i++) {
      list.scrollTop = (i / 120) * list.scrollHeight
      const { left, top } = lanes.getBoundingClientRect()
      lanes.dispatchEvent(new PointerEvent('pointermove', { clientX: left + 5 * i, clientY: top + 20, bubbles: true }))
      const now = await new Promise<number>((resolve) => requestAnimationFrame(resolve))
      deltas.push(now - before)
      before = now
    }
    deltas.sort((a, b) => a - b)
    return [deltas[60], deltas[114]]
  })
  t.comment(
    `${median.toFixed(1)} ms a frame while scrolling, 95 of 100 within ${slow.toFixed(1)} ms, load ${loadavg()[0].toFixed(1)}`,
  )
  t.strictSame(complaints, [])
})

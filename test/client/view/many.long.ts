/** A day of 100,000 events in a collector's store: the page asks once for each, and makes no more of them than are seen. */
import { loadavg } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { Bundles } from '../../../client/bitstreams/bundles.js'
import { readIncoming } from '../../../client/listen/incoming.js'
import { openStore } from '../../../client/store/open.js'
import { routesOf } from '../../../client/view/api/routes.js'
import { AuditLog } from '../../../client/view/audit.js'
import { ViewServer } from '../../../client/view/server.js'
import { StoreSource } from '../../../client/view/store.js'
import { Topics } from '../../../contract/topics.js'
import { root } from '../../e2e/program.js'
import { until } from '../../e2e/until.js'
import { eventMessage } from '../box.js'
import { openBrowser, openPage } from './chromium.js'

const COUNT = 100_000
/** Rows in the document, whatever the list's length: what is seen at this height, and some around. */
const MOST_ROWS = 60
const BATCH = 2000
const from = Date.parse('2026-05-01T00:00:00Z')
const iso = (ms: number) => new Date(ms).toISOString()

async function fill(file: string): Promise<void> {
  const store = await openStore(file)
  const topic = new Topics('blindsight', 'gate-1').result('evt', 'street')
  const message = (i: number) => {
    const since = iso(from + i * 860)
    const of = i % 2 ? 'person' : 'vehicle'
    const event = {
      ...eventMessage(`street-${i}`, 'end', i),
      ...{ class: of, label: of, ts: since, since, until: iso(from + i * 860 + 500) },
      peak: { p: 0.9, share: 0.12, ts: since },
    }
    return readIncoming('blindsight', { topic, payload: Buffer.from(JSON.stringify(event)) })
  }
  for (let first = 0; first < COUNT; first += BATCH)
    await store.commit(
      Array.from({ length: BATCH }, (_, i) => message(first + i)),
      iso(from + 86_400_000),
    )
  const at = iso(from)
  await store.note({ dev: 'gate-1', at, what: 'state', state: 'online', session: 's' })
  const state = { state: 'online', reason: 'frames come', since: at }
  await store.note({ dev: 'gate-1', at, what: 'camera', cam: 'street', ...state })
  await store.close()
}

async function serve(t: Test): Promise<string> {
  const dir = t.testdir()
  const file = join(dir, 'fleet.sqlite')
  await fill(file)
  const store = await openStore(file, { existing: true })
  const audit = new AuditLog(undefined, () => {})
  const source = new StoreSource({ store, objects: undefined, live: undefined, audit })
  const server = new ViewServer({
    ...{ host: '127.0.0.1', port: 0, user: 'guard', source, log: () => {} },
    api: routesOf(source, new Bundles(dir), '1'),
    pageDir: join(root, 'dist', 'client', 'view', 'page'),
  })
  t.teardown(async () => {
    await server.stop()
    await source.stop()
  })
  return server.start()
}

/** Before the page's own scripts: counts what is drawn on canvases. */
const countStrokes = (page: Page) =>
  page.addInitScript(() => {
    const counted = globalThis as unknown as { strokes: number }
    counted.strokes = 0
    const { fillRect } = CanvasRenderingContext2D.prototype
    CanvasRenderingContext2D.prototype.fillRect = function (...args) {
      counted.strokes++
      fillRect.apply(this, args)
    }
  })

t.test('100,000 events in a day', async (t) => {
  const address = await serve(t)
  const browser = await openBrowser()
  t.teardown(() => browser.close())
  const { page, complaints } = await openPage(browser, 'about:blank')
  await countStrokes(page)
  const asked: string[] = []
  page.on('request', (request) => asked.push(new URL(request.url()).pathname))
  const questions = (name: string) => asked.filter((path) => path === `/api/${name}`).length
  await page.goto(`${address}#back?dev=gate-1&cam=street&t=2026-05-01T12:00:00Z&utc=1`)
  await page.getByText('100,000 events', { exact: true }).waitFor()
  const rows = () => page.locator('.row').count()
  t.ok((await rows()) < MOST_ROWS, `${await rows()} rows`)
  t.equal(questions('events'), COUNT / BATCH + 1, 'a question a page, and one that says that it was all')
  await page.locator('.rows').focus()
  await page.keyboard.press('End')
  await until('the last', async () => (await page.locator('.row').last().getAttribute('aria-posinset')) === `${COUNT}`)
  t.ok((await rows()) < MOST_ROWS)

  // The list is scrolled and the pointer runs along the timeline, a step a frame.
  const STEPS = 120
  const { deltas, strokes, most, width } = await page.evaluate(async (steps) => {
    const counted = globalThis as unknown as { strokes: number }
    const list = document.querySelector('.rows')!
    const lanes = document.querySelector('.lanes')!
    const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve))
    const deltas: number[] = []
    let most = 0
    let before = await frame()
    counted.strokes = 0
    for (let i = 0; i < steps; i++) {
      list.scrollTop = (i / steps) * list.scrollHeight
      const { left, top } = lanes.getBoundingClientRect()
      lanes.dispatchEvent(new PointerEvent('pointermove', { clientX: left + 5 * i, clientY: top + 20, bubbles: true }))
      const now = await frame()
      deltas.push(now - before)
      before = now
      most = Math.max(most, document.querySelectorAll('.row').length)
    }
    return { deltas: deltas.sort((a, b) => a - b), strokes: counted.strokes, most, width: lanes.clientWidth }
  }, STEPS)
  t.ok(most < MOST_ROWS, `${most} rows while it is scrolled`)
  // A mark a pixel and class, and some lines; drawn once for each place of the pointer.
  const onePicture = 2 * width + 60
  t.ok(strokes > STEPS, 'it was drawn')
  t.ok(strokes <= (STEPS + 2) * onePicture, `${strokes} strokes in ${STEPS} frames, ${onePicture} are a picture`)
  t.equal(questions('events'), COUNT / BATCH + 1, 'nothing is asked anew')

  const activities = questions('activity')
  for (const hours of ['6 h', '1 h', '24 h']) await page.getByRole('button', { name: hours, exact: true }).click()
  await until('what is zoomed is asked for', () => questions('activity') > activities)
  t.ok(questions('activity') <= activities + 3, 'once for each width at most')
  t.equal(questions('events'), COUNT / BATCH + 1, 'the day is there')
  // Told and not held, since it depends on the machine.
  t.comment(
    `${deltas[STEPS / 2].toFixed(1)} ms a frame while scrolling, 95 of 100 within ${deltas[Math.floor(STEPS * 0.95)].toFixed(1)} ms, load ${loadavg()[0].toFixed(1)}; ${Math.round(strokes / STEPS)} strokes a frame`,
  )
  t.strictSame(complaints, [])
})

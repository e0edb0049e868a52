/** The page before a collector's store, in SQLite and in PostgreSQL: two boxes of several cameras, with frames that decode. No broker. */
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { readIncoming } from '../../../client/listen/incoming.js'
import { openStore } from '../../../client/store/open.js'
import { type FrameInfo, packFrame, StaticCoder } from '../../../codec/index.js'
import { openBundle } from '../../../contract/bundle.js'
import { shortHash } from '../../../contract/hex.js'
import { Topics } from '../../../contract/topics.js'
import { Program } from '../../e2e/program.js'
import { bundleDir } from '../../e2e/setting.js'
import { until } from '../../e2e/until.js'
import { classifyResult, eventMessage } from '../box.js'
import { boot } from '../bundle.js'
import { freePort } from '../mosquitto.js'
import { Postgres } from '../store/postgres.js'
import { axeFaults, openBrowser, openPage, pictureDrawn, tooWide } from './chromium.js'

/** Two in the afternoon of a summer's day in Paris, ten in the evening in Tokyo. */
const noon = Date.parse('2026-07-01T12:00:00.000Z')
const iso = (ms: number) => new Date(ms).toISOString()
const cameras = [
  ['gate-1', 'street', 'vehicle', 'yard'],
  ['gate-1', 'yard', 'person', 'door'],
  ['gate-2', 'dock', 'person', 'ramp'],
] as const

/** Flat pictures of the bundle that is delivered: what they show is of no matter, that they decode is. */
function frames(cam: string, first: number): Uint8Array[] {
  const { manifest, entropy, sha256 } = openBundle(bundleDir)
  const { channels, levels, stride } = manifest.latent
  const [width, height] = [128, 64]
  const symbols = new Uint8Array((channels * width * height) / stride ** 2).fill(levels >> 1)
  const payload = new StaticCoder({ scaleBits: entropy.scaleBits, freqs: entropy.freqs }).encode(symbols)
  return Array.from({ length: 5 }, (_, i) => {
    const info: FrameInfo = {
      ...{ mode: 0, bundle: shortHash(sha256), tables: shortHash(entropy.sha256), camera: cam, boot, seq: i },
      ...{ timeUs: (first + i * 1000) * 1000, width, height, channels, levels, stride },
    }
    return packFrame(info, payload)
  })
}

async function fill(address: string): Promise<void> {
  const store = await openStore(address)
  for (const [i, [dev, cam, of, zone]] of cameras.entries()) {
    const at = noon + i * 60_000
    const topics = new Topics('blindsight', dev)
    const message = (topic: string, payload: object) =>
      readIncoming('blindsight', {
        topic,
        payload: payload instanceof Uint8Array ? payload : Buffer.from(JSON.stringify(payload)),
      })
    const bits = frames(cam, at)
    const own = { dev, cam, ts: iso(at) }
    const ref = `${cam}/${boot}/0`
    const event = {
      ...{ ...eventMessage(`${cam}-1`, 'end', 4, dev), ...own, class: of, label: of, zone },
      ...{
        since: iso(at),
        until: iso(at + 4000),
        peak: { p: 0.9, share: 0.1, ts: iso(at) },
        bits: { first: ref, last: ref },
      },
    }
    const cls = { ...classifyResult(0, false, dev), ...own, cls: [{ id: 'n2', label: 'bus', p: 0.7 }] }
    await store.commit(
      [
        ...bits.map((bytes) => message(topics.result('bits', cam), bytes)),
        message(topics.result('cls', cam), { ...cls, bits: { ...cls.bits, ref, segment: ref } }),
        message(topics.result('evt', cam), event),
      ],
      iso(at),
    )
    await store.note({ dev, at: iso(at), what: 'state', state: 'online', session: 's' })
    const state = { state: 'online', reason: 'frames come', since: iso(at) }
    await store.note({ dev, at: iso(at), what: 'camera', cam, ...state })
  }
  await store.close()
}

const rows = (page: Page) => page.locator('.back .row')
const events = (page: Page, count: number) =>
  page.getByText(count === 1 ? '1 event' : `${count} events`, { exact: true }).waitFor()
const heading = (page: Page) => page.locator('.about').innerText()

async function look(t: Test, store: string): Promise<void> {
  await fill(store)
  const program = Program.start([
    ...['view', '--store', store, '--port', '0', '--broker', `mqtt://127.0.0.1:${await freePort()}`],
  ])
  t.teardown(() => program.kill())
  const address = await until('the page is served', () => {
    if (!program.running) throw new Error(program.err)
    return /look at (http:\S+)/.exec(program.out)?.[1]
  })
  const browser = await openBrowser()
  t.teardown(() => browser.close())
  const { page, complaints } = await openPage(browser, `${address}#back?t=${iso(noon)}`, { timezoneId: 'Europe/Paris' })

  await page.getByText(/no connection to the broker.*Nothing comes live/).waitFor()
  await events(page, 3)
  await page.getByLabel('Device').selectOption('gate-1')
  await events(page, 2)
  t.strictSame(await page.getByLabel('Camera').locator('option').allInnerTexts(), ['every camera', 'street', 'yard'])
  await page.getByLabel('Camera').selectOption('yard')
  await events(page, 1)
  await page.getByLabel('Device').selectOption('')
  await events(page, 3)
  await page.getByLabel('Class').selectOption('person')
  await events(page, 2)
  await page.getByLabel('Zone').selectOption('ramp')
  await events(page, 1)
  await rows(page).first().click()
  await pictureDrawn(page)
  await page.locator('.about time').waitFor()
  t.match(await heading(page), /gate-2\/dock 2026-07-01 14:02:00\.0/)
  await page.locator('.about .tags').getByText('bus').waitFor()
  await page.keyboard.press('ArrowRight')
  await until('a second on', async () => (await heading(page)).includes('14:02:01.0'))
  await until('the address says so', () => page.url().includes('12:02:01'))
  t.strictSame(await axeFaults(page), [])
  await page.setViewportSize({ width: 360, height: 740 })
  t.ok((await tooWide(page)) <= 0, 'phone')
  t.strictSame(complaints, [])

  const elsewhere = await browser.newContext({ timezoneId: 'Asia/Tokyo' })
  const other = await elsewhere.newPage()
  other.setDefaultTimeout(300_000)
  await other.goto(page.url())
  await pictureDrawn(other)
  await other.locator('.about time').waitFor()
  t.match(await heading(other), /gate-2\/dock 2026-07-01 21:02:01\.0/)
  t.equal(await other.getByLabel('Class').inputValue(), 'person')
  t.equal(await other.getByLabel('Zone').inputValue(), 'ramp')
  await events(other, 1)
  t.match(await rows(other).innerText(), /21:02:00/)
  const zone = other.getByTitle('Local time or UTC')
  t.equal(await zone.innerText(), 'UTC+09:00')
  await zone.click()
  await until('UTC', async () => (await heading(other)).includes('12:02:01.0'))
  t.match(await rows(other).innerText(), /12:02:00/)
  await browser.close()
  await program.terminate()

  const kept = await openStore(store)
  const views = await kept.audits(10)
  await kept.close()
  t.match(views[0], { dev: 'gate-2', cam: 'dock', who: /\(127\.0\.0\.1\)$/ })
}

t.test('SQLite', async (t) => look(t, join(t.testdir(), 'fleet.sqlite')))

t.test('PostgreSQL', async (t) => {
  const server = await Postgres.start()
  t.teardown(() => server.stop())
  await look(t, await server.fresh())
})

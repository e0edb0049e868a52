/** The page in Debian's Chromium, before a real box: the agent on its clip, a real broker, `blindsight view` as a process. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decode as decodePng } from 'fast-png'
import type { Browser, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { blindsight, Program, root } from '../../e2e/program.js'
import { bundlesDir, camera, configFile, device } from '../../e2e/setting.js'
import { until } from '../../e2e/until.js'
import { Mosquitto } from '../mosquitto.js'
import { axeFaults, openBrowser, openPage, pictureDrawn, tooWide } from './chromium.js'

const screenshots = process.env.UPDATE_SCREENSHOTS === '1'
// Few frames a second, so that even on a busy machine each has its mask when it is shown.
const size = screenshots ? { width: 448, height: 256, fps: 2 } : { width: 224, height: 128 }

/** Of screenshots: each stays below 300 kB. */
const small = { width: 1120, height: 760 }

async function startView(t: Test, broker: string, ...more: string[]): Promise<{ address: string; program: Program }> {
  const program = Program.start(['view', '--broker', broker, '--port', '0', ...more])
  t.teardown(() => program.kill())
  const address = await until('the page is served', () => {
    if (!program.running) throw new Error(program.err)
    return /look at (http:\S+)/.exec(program.out)?.[1]
  })
  return { address, program }
}

t.test('the page', async (t) => {
  const dir = t.testdir()
  const audit = join(dir, 'views.jsonl')
  const broker = await Mosquitto.start()
  t.teardown(() => broker.stop())
  const agent = Program.start(['run', '--config', await configFile(dir, { broker: broker.url, camera: size })])
  t.teardown(() => agent.kill())
  const { address } = await startView(t, broker.url, '--audit', audit)
  const browser: Browser = await openBrowser()
  t.teardown(() => browser.close())

  await t.test('live: a picture that was decoded here, what is there, who looks', async (t) => {
    const { page, complaints } = await openPage(browser, address)
    await pictureDrawn(page)
    t.match(await page.locator('.tile h2').innerText(), new RegExp(camera))
    await page.locator('.live .row').first().waitFor()
    t.match(await page.locator('footer').innerText(), /reconstructed here.*by \S+ \(127\.0\.0\.1\)/s)
    t.match(readFileSync(audit, 'utf8'), /"what":"live","dev":"gate-1","cam":"street"/)
    await until('a mask over it', () => drawn(page, 'canvas.mask'))
    t.strictSame(await axeFaults(page), [])
    if (screenshots) {
      await until('a few events', async () => (await page.locator('.live .row').count()) > 4)
      await page.setViewportSize(small)
      await until('a car in the picture', () => carMasked(page, '.tile'))
      await page.screenshot({ path: join(root, 'docs', 'images', 'view-live.png') })
    }
    await page.setViewportSize({ width: 360, height: 740 })
    t.ok((await tooWide(page)) <= 0, 'phone')
    await page.emulateMedia({ colorScheme: 'light' })
    t.strictSame(await axeFaults(page), [])
    t.strictSame(complaints, [])
    await page.close()
  })

  await t.test('live comes back after an answer that is no stream, and meanwhile it is said why', async (t) => {
    const { page } = await openPage(browser, 'about:blank')
    let refused = 0
    await page.route('**/api/live**', (route) =>
      refused++ < 2 ? route.fulfill({ status: 503, json: { error: 'too many pages look at once' } }) : route.continue(),
    )
    await page.goto(address)
    await page.getByText('too many pages look at once; trying again').waitFor()
    await pictureDrawn(page)
    t.equal(await page.locator('.notice').count(), 0)
    await page.close()
  })

  let link = ''
  await t.test('back: timeline, events, frames by keys, and the picture that the command line makes', async (t) => {
    const { page, complaints } = await openPage(browser, `${address}#back`)
    await page.locator('.back .row').first().click()
    await pictureDrawn(page)
    await page.waitForFunction(() => document.querySelector('.about time'))
    const slider = page.getByLabel('Frame of the segment')
    const place = async () => [await slider.inputValue(), await slider.getAttribute('max')]
    // Two frames may have come within the tenth of a second that the time is told to.
    const frame = async () => [await page.locator('.about time').innerText(), ...(await place())].join(' ')
    const changed = (from: string) => until('another frame', async () => (await frame()) !== from)
    const first = await frame()
    await page.keyboard.press('ArrowRight')
    await changed(first)
    await page.keyboard.press('ArrowLeft')
    await until('back again', async () => (await frame()) === first)
    await page.keyboard.press('Home')
    await until('the first frame', async () => (await place())[0] === '0')
    await page.keyboard.press('End')
    await until('the last frame', async () => {
      const [value, most] = await place()
      return value === most
    })
    const end = await frame()
    // More than once: the box may be about to begin the segment that comes next.
    await until('a frame of the next segment', async () => {
      await page.keyboard.press('ArrowRight')
      return (await frame()) !== end
    })
    await page.keyboard.press(' ')
    await until('it plays', async () => (await page.locator('.play').innerText()) === 'Pause')
    await changed(await frame())
    await page.keyboard.press(' ')
    await until('it stands', async () => (await page.locator('.play').innerText()) === 'Play')
    await page.waitForFunction(() => document.querySelector('.screen')?.getAttribute('aria-busy') === 'false')
    await t.test('PNG', (t) => samePicture(t, page, broker.url))
    link = page.url()
    t.match(link, /#back\?dev=gate-1&cam=street&t=/)
    t.strictSame(await axeFaults(page), [])
    if (screenshots) {
      const times = { from: new Date(Date.now() - 3_600_000).toISOString(), to: new Date().toISOString() }
      const { items } = await page.evaluate(
        async (query) => (await fetch(`api/events?${query}`)).json(),
        new URLSearchParams({ ...times, dev: device, limit: '100' }).toString(),
      )
      const peaks = items
        .map(({ peak }: { peak: { share: number; ts: string } }) => peak)
        .sort((a: { share: number }, b: { share: number }) => b.share - a.share)
      await page.setViewportSize(small)
      for (const { ts } of peaks) {
        await page.goto(`${address}#back?dev=${device}&cam=${camera}&t=${ts}`)
        await page.reload()
        await pictureDrawn(page)
        await until('its mask', () => drawn(page, 'canvas.mask'))
        if (await carMasked(page, '.about')) break
      }
      const activity = page.waitForResponse(/api\/activity/)
      await page.getByRole('button', { name: '15 min' }).click()
      await activity
      await page.mouse.move(0, 0)
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
      await page.screenshot({ path: join(root, 'docs', 'images', 'view-timeline.png'), fullPage: true })
    }
    await page.setViewportSize({ width: 360, height: 740 })
    t.ok((await tooWide(page)) <= 0, 'phone')
    await page.emulateMedia({ colorScheme: 'light' })
    t.strictSame(await axeFaults(page), [])
    t.strictSame(complaints, [])
    const views = readFileSync(audit, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    t.match(views.at(-1), { what: 'segment', dev: device, cam: camera, address: '127.0.0.1' })
    await page.close()
  })

  await t.test('MP4, or why not', async (t) => {
    const { page } = await openPage(browser, address + new URL(link).hash)
    await pictureDrawn(page)
    const saved = page.waitForEvent('download').then((download) => download.suggestedFilename())
    await page.getByRole('button', { name: 'Save MP4' }).click()
    const said = until('what became of it', async () => {
      const text = await page.locator('.said').innerText()
      return /^(No video|Saved)/.test(text) && text
    })
    const text = await said
    if (text.startsWith('Saved')) t.match(await saved, /^street-[0-9a-f]{16}-\d+\.mp4$/)
    else t.match(text, /decode --mp4/)
    t.comment(text)
    saved.catch(() => {})
    await page.close()
  })

  await t.test('a link leads to its moment; filters', async (t) => {
    const { page } = await openPage(browser, address + new URL(link).hash)
    await pictureDrawn(page)
    const at = new URLSearchParams(new URL(link).hash.split('?')[1]).get('t')!
    await page.getByTitle('Local time or UTC').click()
    await until('the same moment', async () =>
      (await page.locator('.about time').innerText()).includes(at.slice(11, 21)),
    )
    await page.locator('.back .row').first().waitFor()
    await page.getByLabel('Class').selectOption('vehicle')
    t.match(page.url(), /class=vehicle/)
    await page.locator('.back .row').first().waitFor()
    await page.goto(`${address}#back?dev=${device}&cam=${camera}&class=elephant&t=${at}`)
    await page.getByText('nothing here is named elephant').waitFor()
    await page.goto(`${address}#back?dev=${device}&cam=${camera}&t=2020-01-01T00:00:00Z`)
    await page.getByText('Nothing was recorded here').waitFor()
    await page.getByText('No events of this kind on this day.').waitFor()
    await page.close()
  })

  await t.test('the timeline: pointer and keys lead to the time that they show', async (t) => {
    const { page } = await openPage(browser, `${address}${new URL(link).hash}&utc=1`)
    await pictureDrawn(page)
    const lanes = page.locator('.lanes')
    const hint = () => page.locator('.hint').innerText()
    const at = () => new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get('t')!
    const { width } = (await lanes.boundingBox())!
    const moment = Date.parse(at())
    const dayMs = 86_400_000
    const day = Date.parse(`${at().slice(0, 10)}T00:00:00Z`)
    const lands = async (x: number, what: string) => {
      await until(what, () => Math.abs(Date.parse(at()) - (day + (x / width) * dayMs)) < (2 * dayMs) / width)
      const [name, clock] = (await hint()).split(' ')
      t.equal(name, `${device}/${camera}`)
      // A browser tells the place of a click in whole pixels, that of the pointer also in parts of them.
      const shown = Date.parse(`${at().slice(0, 10)}T${clock}Z`)
      t.ok(Math.abs(shown - Date.parse(at())) < dayMs / width, `${what}: ${at()}, and ${clock} is said`)
    }
    // In the half of the day in which the box has seen nothing: near an event it is the event that is meant.
    const late = moment - day > dayMs / 2
    await lanes.click({ position: { x: width * (late ? 0.25 : 0.75), y: 30 } })
    await lands(width * (late ? 0.25 : 0.75), 'where it was clicked')
    await page.getByText('Nothing was recorded here').waitFor()
    await lanes.focus()
    await page.keyboard.press(late ? 'Home' : 'End')
    for (let i = 0; i < 10; i++) await page.keyboard.press(late ? 'ArrowRight' : 'ArrowLeft')
    await page.keyboard.press('Enter')
    await lands(late ? 80 : width - 81, 'where the keys led')

    await page.goto(`${address}${new URL(link).hash}&utc=1`)
    await page.reload()
    await pictureDrawn(page)
    const query = {
      dev: device,
      limit: '500',
      from: new Date(day).toISOString(),
      to: new Date(day + dayMs).toISOString(),
    }
    const sinces: string[] = await page.evaluate(async (asked) => {
      const { items } = await (await fetch(`api/events?${asked}`)).json()
      return items.map(({ since }: { since: string }) => since)
    }, new URLSearchParams(query).toString())
    await page.getByRole('button', { name: '15 min' }).click()
    const from = Math.min(Math.max(day, moment - 450_000), day + dayMs - 900_000)
    const since = sinces.find((one) => Date.parse(one) > from && Date.parse(one) < from + 900_000)!
    await page.waitForFunction(() => document.querySelector('.lanes')?.getAttribute('aria-label')?.includes(' events'))
    await lanes.click({ position: { x: ((Date.parse(since) - from) / 900_000) * width + 1, y: 30 } })
    await until('an event is played from its begin', () => sinces.includes(at()))
    t.match(await hint(), / · /)
    await page.close()
  })

  await t.test('a link leads to its moment through the door with the token, with and without a script', async (t) => {
    const file = join(dir, 'viewers')
    const token = 'a-token-of-ann-that-is-long'
    writeFileSync(file, `ann ${token}\n`)
    const guarded = await startView(t, broker.url, '--token-file', file)
    const moment = guarded.address + new URL(link).hash
    for (const javaScriptEnabled of [true, false]) {
      const context = await browser.newContext({ javaScriptEnabled })
      const { page, complaints } = await openPage({ newPage: () => context.newPage() }, moment)
      if (javaScriptEnabled) t.strictSame(await axeFaults(page), [])
      await page.getByLabel('Your token').fill('a-token-of-nobody')
      await page.getByRole('button', { name: 'Look' }).click()
      await page.getByRole('alert').getByText('This token is not known here').waitFor()
      await page.getByLabel('Your token').fill(token)
      await page.keyboard.press('Enter')
      if (javaScriptEnabled) {
        await pictureDrawn(page)
        t.match(await page.locator('footer').innerText(), /by ann/)
      } else await page.locator('#page').waitFor({ state: 'attached' })
      t.equal(page.url(), moment)
      t.strictSame(complaints, [])
      await context.close()
    }
    await guarded.program.kill()
  })

  await t.test('a broken segment is said, and what is sound of it shown', async (t) => {
    const { page } = await openPage(browser, address)
    let broken = 0
    await page.route('**/api/segment?**', async (route) => {
      const response = await route.fetch()
      const body = await response.body()
      // In the payload of the last record.
      if (broken++ === 0) body[body.length - 20] ^= 0x55
      await route.fulfill({ response, body })
    })
    await page.goto(`${address}${new URL(link).hash}`)
    await page.getByText('This segment is damaged').first().waitFor()
    await pictureDrawn(page)
    t.ok(broken >= 1)
    await page.close()
  })

  await t.test('a bundle that is missing is named', async (t) => {
    const empty = join(dir, 'empty')
    mkdirSync(empty)
    const other = await startView(t, broker.url, '--bundles', empty)
    const { page } = await openPage(browser, other.address)
    await page
      .getByText(/no bundle [0-9a-f]{16}/)
      .first()
      .waitFor()
    t.match(await page.locator('.tile .trouble').innerText(), /--bundles/)
    await page.goto(`${other.address}${new URL(link).hash}`)
    await page
      .getByText(/no bundle [0-9a-f]{16}/)
      .first()
      .waitFor()
    await page.close()
    await other.program.kill()
  })

  await t.test('a box that is away is said to be so; its last picture stays', async (t) => {
    const { page } = await openPage(browser, address)
    await pictureDrawn(page)
    await agent.kill()
    await page.getByText(`The box ${device} is away`).first().waitFor()
    t.ok(await drawn(page, 'canvas.picture'))
    await page.getByRole('button', { name: 'Look back', exact: true }).click()
    await page
      .getByText(/box gate-1 is away/)
      .first()
      .waitFor()
    await page.close()
  })
})

/** A mask of one colour on a good part of the picture, and nothing but a car among the tags: what a screenshot is made of. */
const carMasked = (page: Page, about: string): Promise<boolean> =>
  page.evaluate((of) => {
    const tags = [...document.querySelectorAll(`${of} .tags li`)].map(({ textContent }) => textContent)
    const canvas = document.querySelector<HTMLCanvasElement>('canvas.mask')
    const bytes = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data
    const pixels = [...new Uint32Array(bytes?.buffer ?? new ArrayBuffer(0))]
    const coloured = pixels.filter((pixel) => pixel >>> 24 > 0)
    const most = coloured.filter((pixel) => pixel === coloured[coloured.length >> 1]).length
    return (
      tags.length === 1 && /^car /.test(tags[0] ?? '') && most > 0.9 * coloured.length && most > 0.06 * pixels.length
    )
  }, about)

/** A canvas with anything on it. */
const drawn = (page: Page, selector: string): Promise<boolean> =>
  page.evaluate((of) => {
    const canvas = document.querySelector<HTMLCanvasElement>(of)
    const data = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data
    return data?.some((value) => value > 0) ?? false
  }, selector)

/** The left half of what `blindsight decode` makes of the same frame, to one grey level. */
async function samePicture(t: Test, page: Page, broker: string): Promise<void> {
  const waiting = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save PNG' }).click()
  const download = await waiting
  const name = download.suggestedFilename()
  t.match(name, /^street-[0-9a-f]{16}-\d+\.png$/)
  const mine = decodePng(readFileSync(await download.path()))
  const [, boot, seq] = /^street-([0-9a-f]+)-(\d+)/.exec(name)!
  const streams = t.testdir()
  const out = join(streams, 'out')
  const got = await blindsight([
    ...['archive', 'get', `${camera}/${boot}/${seq}`, '--broker', broker, '--device', device, '--out', streams],
  ])
  t.equal(got.code, 0, got.err)
  const files = readdirSync(streams).filter((file) => file.endsWith('.bsf'))
  const made = await blindsight([
    'decode',
    ...files.map((file) => join(streams, file)),
    '--out',
    out,
    '--bundles',
    bundlesDir,
  ])
  t.equal(made.code, 0, made.err)
  const right = decodePng(readFileSync(join(out, name)))
  t.match(mine, { width: size.width, height: size.height })
  let most = 0
  for (let y = 0; y < size.height; y++)
    for (let x = 0; x < size.width; x++)
      for (let c = 0; c < 3; c++) {
        const here = mine.data[(y * mine.width + x) * mine.channels + c]
        most = Math.max(most, Math.abs(here - right.data[(y * right.width + x) * right.channels + c]))
      }
  t.ok(most <= 1, `at most ${most} grey levels apart`)
  t.comment(`at most ${most} grey levels apart`)
}

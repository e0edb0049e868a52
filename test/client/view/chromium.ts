/** Debian's Chromium, and what every test of the page does with it. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, chromium, type Page } from 'playwright-core'
import { tool } from '../../tool.js'

export const openBrowser = (): Promise<Browser> =>
  // As root it starts only so.
  chromium.launch({ executablePath: tool('chromium'), args: ['--no-sandbox', '--disable-gpu'] })

/** What the page complains of is kept, so that a test can hold that it does not. */
export async function openPage(
  browser: Pick<Browser, 'newPage'>,
  address: string,
  options: Parameters<Browser['newPage']>[0] = {},
) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: 'dark', ...options })
  // However slow the machine.
  page.setDefaultTimeout(300_000)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    // That an answer was no 200 is what some tests are about.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) complaints.push(message.text())
  })
  await page.goto(address)
  return { page, complaints }
}

/** The picture has been decoded and drawn. */
export const pictureDrawn = (page: Page): Promise<unknown> =>
  page.waitForFunction(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('canvas.picture')
    if (!canvas || canvas.width < 20) return false
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
    return data.some((value, i) => i % 4 !== 3 && value > 0)
  })

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds wrong, as lines. By evaluation, which the page's policy does not forbid the browser's owner. */
export async function axeFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  return page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: { run(): Promise<AxeResult> } }).axe.run()
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`)
  })
}

interface AxeResult {
  violations: { id: string; nodes: { html: string }[] }[]
}

/** Pixels that the page is wider than the window. */
export const tooWide = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - innerWidth)

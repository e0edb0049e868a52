/** What a picture of 448×256 costs in the browser: told, since it depends on the machine. Flat symbols cost the network as much as any. */
import { loadavg } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { Bundles } from '../../../../../client/bitstreams/bundles.js'
import { routesOf } from '../../../../../client/view/api/routes.js'
import { ViewServer } from '../../../../../client/view/server.js'
import { type FrameInfo, packFrame, packSegment, StaticCoder } from '../../../../../codec/index.js'
import { openBundle } from '../../../../../contract/bundle.js'
import { shortHash } from '../../../../../contract/hex.js'
import { root } from '../../../../e2e/program.js'
import { bundleDir, bundlesDir } from '../../../../e2e/setting.js'
import { boot } from '../../../bundle.js'
import { openBrowser, openPage } from '../../chromium.js'
import { MemorySource } from '../../memory.js'

const [width, height] = [448, 256]
const COUNT = 20

t.test('frames one after the other', async (t) => {
  const { manifest, entropy, sha256 } = openBundle(bundleDir)
  const { channels, levels, stride } = manifest.latent
  const symbols = new Uint8Array((channels * width * height) / stride ** 2).fill(levels >> 1)
  const payload = new StaticCoder({ scaleBits: entropy.scaleBits, freqs: entropy.freqs }).encode(symbols)
  const info: FrameInfo = {
    ...{ mode: 0, bundle: shortHash(sha256), tables: shortHash(entropy.sha256), camera: 'street', boot, seq: 0 },
    ...{ timeUs: Date.UTC(2026, 4, 1) * 1000, width, height, channels, levels, stride },
  }
  const source = new MemorySource()
  source.bytes.set(`street/${boot}/0`, packSegment([packFrame(info, payload)]))
  const server = new ViewServer({
    ...{ host: '127.0.0.1', port: 0, user: 'guard', source, log: () => {} },
    api: routesOf(source, new Bundles(bundlesDir), '1'),
    pageDir: join(root, 'dist', 'client', 'view', 'page'),
  })
  const address = await server.start()
  t.teardown(() => server.stop())
  const browser = await openBrowser()
  t.teardown(() => browser.close())
  const { page, complaints } = await openPage(browser, address)
  const told = await page.evaluate(
    async ({ ref, count }) => {
      const bytes = new Uint8Array(await (await fetch(`api/segment?dev=gate-1&ref=${ref}`)).arrayBuffer())
      const worker = new Worker('decoder.js', { type: 'module' })
      const ask = (message: object): Promise<{ what: string; text?: string }> =>
        new Promise((resolve) => {
          worker.onmessage = ({ data }) => resolve(data)
          worker.postMessage(message)
        })
      const film = await ask({ what: 'film', id: 1, bytes })
      const times: number[] = []
      for (let i = -2; i < count; i++) {
        const began = performance.now()
        const frame = await ask({ what: 'frame', id: 1, index: 0, ask: i })
        if (frame.what !== 'frame') return { film, frame, times }
        if (i >= 0) times.push(performance.now() - began)
      }
      return { film, times, isolated: crossOriginIsolated, cores: navigator.hardwareConcurrency }
    },
    { ref: `street/${boot}/0`, count: COUNT },
  )
  t.equal(told.times.length, COUNT, JSON.stringify(told))
  const sorted = told.times.toSorted((a, b) => a - b)
  const [least, median] = [sorted[0], sorted[COUNT / 2]].map((ms) => ms.toFixed(0))
  t.comment(`${median} ms a picture (median of ${COUNT}, the least ${least}), load ${loadavg()[0].toFixed(1)}`)
  t.comment(`isolated: ${told.isolated}, cores: ${told.cores}`)
  t.strictSame(complaints, [])
})

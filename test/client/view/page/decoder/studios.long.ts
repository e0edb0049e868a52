import { join } from 'node:path'
import t from 'tap'
import { Bundles } from '../../../../../client/bitstreams/bundles.js'
import { bundlePart, describeBundle } from '../../../../../client/view/api/bundle.js'
import { decoderOf, paint, studioOf } from '../../../../../client/view/page/decoder/studios.js'
import { readRecord } from '../../../../../codec/index.js'
import { shortHash } from '../../../../../contract/hex.js'
import { makeBundle, makeFrame } from '../../../bundle.js'
import { readWasm } from './ort.js'

t.test('what a bundle needs is fetched once; one that is missing is asked for again', async (t) => {
  readWasm()
  const dir = join(t.testdir(), 'bundles')
  const bundle = makeBundle(dir)
  const bundles = new Bundles(dir)
  const { fetch } = globalThis
  t.teardown(() => {
    globalThis.fetch = fetch
  })
  const asked: string[] = []
  let there = false
  globalThis.fetch = async (address) => {
    const url = new URL(String(address), 'http://127.0.0.1/')
    const hash = url.searchParams.get('hash')!
    asked.push(url.pathname)
    if (!there) return Response.json({ error: `no bundle ${hash}` }, { status: 404 })
    if (url.pathname === '/api/bundle') return Response.json(describeBundle(bundles, hash))
    return new Response(Buffer.from(bundlePart(bundles, hash, 'decoder').bytes))
  }
  const hash = shortHash(bundle.sha256)
  await t.rejects(studioOf(hash), { message: `no bundle ${hash}` })
  there = true
  const [studio, again] = await Promise.all([studioOf(hash), studioOf(hash)])
  t.equal(studio, again)
  t.strictSame(asked, ['/api/bundle', '/api/bundle', '/api/bundle/decoder'])
  const { frame, symbols } = decoderOf(studio).decode(readRecord(makeFrame(bundle, 3)))
  const { width, rgba } = await paint(studio, frame, symbols)
  t.strictSame([width, rgba[4 * 12]], [32, 20])
})

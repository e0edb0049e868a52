import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Bundles } from '../../../../client/bitstreams/bundles.js'
import { Query } from '../../../../client/view/api/query.js'
import { picturesOf, routesOf } from '../../../../client/view/api/routes.js'
import { shortHash } from '../../../../contract/hex.js'
import { boot, makeBundle, makeFrame } from '../../bundle.js'
import { MemorySource } from '../memory.js'

const looker = { who: 'ann', address: '127.0.0.1' }
const span = { from: '2026-05-01T00:00:00Z', to: '2026-05-02T00:00:00Z' }

function setUp(t: Test) {
  const dir = join(t.testdir(), 'bundles')
  const bundle = makeBundle(dir)
  const source = new MemorySource()
  const api = routesOf(source, new Bundles(dir), '1.2.3', () => Date.parse('2026-05-02T10:00:00Z'))
  const get = (name: string, values: Record<string, string> = {}) => api.get[name](new Query(values), looker)
  return { bundle, source, api, get }
}

t.test('who looks, and at what', async (t) => {
  const { get } = setUp(t)
  t.strictSame(await get('session'), { json: { ...looker, place: 'a test', version: '1.2.3' } })
  t.match(await get('cameras'), { json: [{ cam: 'street' }] })
})

t.test('what a page begins with', async (t) => {
  const { get } = setUp(t)
  t.match(await get('recent'), { json: [{ id: 'before' }] })
  await t.rejects(async () => get('recent', { limit: '3' }), /'limit' is not known/)
})

t.test('events, with all that can be asked of them', async (t) => {
  const { get, source } = setUp(t)
  t.match(await get('events', { ...span, cam: 'street', class: 'person', zone: 'yard' }), {
    json: { items: [{ id: 'a' }] },
  })
  t.match(source.asked, [
    { cam: 'street', class: 'person', zone: 'yard', from: '2026-05-01T00:00:00.000Z', limit: 500 },
  ])
  await t.rejects(async () => get('events', { ...span, clas: 'person' }), /'clas' is not known/)
  await t.rejects(async () => get('events', { ...span, limit: '5001' }), /1 to 5000/)
  await t.rejects(async () => get('events'), /from is missing/)
})

t.test('one line is written for each segment, with the times that it shows', async (t) => {
  const { get, source, bundle } = setUp(t)
  const ref = `street/${boot}/3`
  source.bytes.set(ref, makeFrame(bundle, 3))
  t.same(await get('segment', { dev: 'gate-1', ref }), { bytes: makeFrame(bundle, 3) })
  const at = '2026-05-01T08:00:00.300Z'
  t.strictSame(source.audits, [
    { ts: '2026-05-02T10:00:00.000Z', ...looker, what: 'segment', dev: 'gate-1', cam: 'street', ref, from: at, to: at },
  ])
  await t.rejects(async () => get('segment', { dev: 'gate-1', ref: `street/${boot}/4` }))
  t.equal(source.audits.length, 1, 'what was not shown is not written')
  source.refuses = new Error('the disk is full')
  await t.rejects(get('segment', { dev: 'gate-1', ref }), /the disk is full/, 'what cannot be written is not shown')
})

t.test('what a browser needs of a bundle', async (t) => {
  const { get, bundle } = setUp(t)
  const hash = shortHash(bundle.sha256)
  t.match(await get('bundle', { hash }), {
    json: { id: 'tiny', labels: ['sky', 'road', 'car'], latent: { channels: 2 } },
  })
  t.match(await get('bundle/decoder', { hash }), { sha256: bundle.manifest.files['decoder/decoder.onnx'].sha256 })
  await t.rejects(get('bundle/context', { hash }), /no context\.bin/)
  await t.rejects(async () => get('bundle', { hash: 'fedcba9876543210' }), /no bundle fedcba9876543210/)
  await t.rejects(async () => get('bundle', { hash: '../../etc' }), /16 hexadecimal digits/)
})

t.test('a keyframe, and pictures of so many cameras', async (t) => {
  const { api, source } = setUp(t)
  await api.post.keyframe(new Query({ dev: 'gate-1', cam: 'street' }), looker)
  t.strictSame(source.asked, ['keyframe gate-1/street'])
  t.strictSame([...picturesOf(new Query({ pictures: 'a/b,a/c' }))], ['a/b', 'a/c'])
  t.equal(picturesOf(new Query({})).size, 0)
  const many = Array.from({ length: 17 }, (_, i) => `a/${i}`).join()
  t.throws(() => picturesOf(new Query({ pictures: many })), /at most 16/)
})

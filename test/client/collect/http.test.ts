import t from 'tap'
import { serve } from '../../../client/collect/http.js'
import { figuresOf } from './figures.js'

t.test('figures and health', async (t) => {
  const { figures } = figuresOf()
  const server = await serve({ host: '127.0.0.1', port: 0 }, figures)
  t.teardown(() => server.close())
  const get = (path: string) => fetch(`${server.url}${path}`)
  const metrics = await get('/metrics')
  t.match(metrics.headers.get('content-type'), /^text\/plain; version=0\.0\.4/)
  t.match(await metrics.text(), /^blindsight_collect_unsettled 3$/m)
  const ill = await get('/healthz')
  t.strictSame([ill.status, await ill.json()], [503, { ok: false, broker: false, store: true }])
  figures.link(true)
  t.equal((await get('/healthz')).status, 200)
  t.equal((await get('/')).status, 404)
  t.equal((await fetch(`${server.url}/metrics`, { method: 'POST' })).status, 404)
  const port = Number(new URL(server.url).port)
  await t.rejects(serve({ host: '127.0.0.1', port }, figures), {
    code: 'other',
    message: /cannot listen, --http .*EADDRINUSE/,
  })
})

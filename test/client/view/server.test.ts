import { mkdirSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import t, { type Test } from 'tap'
import { Bundles } from '../../../client/bitstreams/bundles.js'
import { Failure } from '../../../client/failure.js'
import { readIncoming } from '../../../client/listen/incoming.js'
import { openStore } from '../../../client/store/open.js'
import type { Store } from '../../../client/store/store.js'
import { routesOf } from '../../../client/view/api/routes.js'
import { AuditLog } from '../../../client/view/audit.js'
import { ViewServer } from '../../../client/view/server.js'
import type { ViewSource } from '../../../client/view/source.js'
import { StoreSource } from '../../../client/view/store.js'
import { Doorkeeper, readTokens } from '../../../client/view/token.js'
import { shortHash } from '../../../contract/hex.js'
import { Topics } from '../../../contract/topics.js'
import { sameBytes } from '../../codec/samples.js'
import { until } from '../../e2e/until.js'
import { boot, makeBundle, makeFrame } from '../bundle.js'
import { MemorySource } from './memory.js'

const TOKEN = 'x'.repeat(32)

async function setUp(
  t: Test,
  { token = false, sourceIn }: { token?: boolean; sourceIn?: (dir: string) => Promise<ViewSource> } = {},
) {
  const dir = t.testdir()
  const pageDir = join(dir, 'page')
  mkdirSync(pageDir)
  for (const file of ['index.html', 'enter.html', 'style.css', 'icon.svg', 'page.js', 'enter.js'])
    writeFileSync(join(pageDir, file), `this is ${file} <p role="alert"></p>`)
  const bundle = makeBundle(join(dir, 'bundles'))
  const source = new MemorySource()
  source.bytes.set(`street/${boot}/1`, makeFrame(bundle, 1))
  const shown = (await sourceIn?.(dir)) ?? source
  const server = new ViewServer({
    host: '127.0.0.1',
    port: 0,
    door: token ? new Doorkeeper(readTokens(`ann ${TOKEN}`, 'FILE')) : undefined,
    user: 'guard',
    source: shown,
    api: routesOf(shown, new Bundles(join(dir, 'bundles')), '1'),
    pageDir,
    log: () => {},
  })
  const address = await server.start()
  t.teardown(() => server.stop())
  return { address, source, server, hash: shortHash(bundle.sha256) }
}

/** fetch sets Host itself. */
const status = (address: string, headers: Record<string, string>): Promise<number> =>
  new Promise((resolve, reject) => {
    const asked = request(address, { headers, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode!)
    })
    asked.on('error', reject).end()
  })

t.test('page, WebAssembly and questions, each with the headers', async (t) => {
  const { address, hash } = await setUp(t)
  for (const path of ['', 'page.js', 'style.css', 'api/cameras', `api/bundle/decoder?hash=${hash}`, 'nowhere']) {
    const response = await fetch(address + path)
    t.equal(response.status, path === 'nowhere' ? 404 : 200, path)
    t.match(response.headers.get('content-security-policy'), /default-src 'none'/)
    t.equal(response.headers.get('x-content-type-options'), 'nosniff')
    await response.arrayBuffer()
  }
  const wasm = await fetch(`${address}ort-wasm-simd-threaded.wasm`)
  t.equal(wasm.headers.get('content-type'), 'application/wasm')
  await wasm.body?.cancel()
  t.match(await (await fetch(`${address}api/session`)).json(), { who: 'guard', address: '127.0.0.1' })
})

t.test('what is wrong is a sentence, without a stack', async (t) => {
  const { address, source } = await setUp(t)
  const asked = async (path: string) => {
    const response = await fetch(address + path)
    const text = await response.text()
    t.notMatch(text, /\bat .*:\d+/, path)
    return [response.status, JSON.parse(text).error] as const
  }
  t.match(await asked('api/events'), [400, 'from is missing'])
  t.match(await asked('api/segment?dev=gate-1&ref=../../etc/passwd'), [400, /camera\/boot\/seq/])
  t.match(await asked('api/bundle?hash=fedcba9876543210'), [404, /^no bundle fedcba9876543210/])
  t.match(await asked('api/live?pictures=nonsense'), [400, /device\/camera/])
  t.match(await asked('../package.json'), [404, /nothing of this name/])
  const span = 'from=2026-05-01T00:00:00Z&to=2026-05-02T00:00:00Z'
  source.fails = new Failure('answer', 'box gate-1 is away (offline)')
  t.match(await asked(`api/events?${span}`), [504, /gate-1 is away/])
  source.fails = new TypeError('cannot read secrets of /root')
  t.match(await asked(`api/events?${span}`), [500, /^something went wrong in the viewing server/])
})

t.test("a stranger's page gets nothing: neither by a rebound name nor across sites", async (t) => {
  const { address } = await setUp(t)
  const { host } = new URL(address)
  t.equal(await status(address, { host }), 200)
  t.equal(await status(address, { host: 'evil.example' }), 403)
  t.equal(await status(`${address}api/cameras`, { host, 'sec-fetch-site': 'cross-site' }), 403)
  t.equal(await status(`${address}api/cameras`, { host, 'sec-fetch-site': 'same-origin' }), 200)
  t.equal(await status(address, { host, 'sec-fetch-site': 'cross-site' }), 200, 'a link to the page')
})

t.test('with a token: nothing without, a cookie in its place', async (t) => {
  const { address, hash, source } = await setUp(t, { token: true })
  for (const path of [
    'api/cameras',
    'api/live',
    `api/bundle/decoder?hash=${hash}`,
    'page.js',
    'ort-wasm-simd-threaded.wasm',
    'index.html/',
  ]) {
    const response = await fetch(address + path, { headers: { authorization: `Bearer ${TOKEN}x` } })
    t.equal(response.status, 401, path)
    t.notMatch(await response.text(), /this is/)
  }
  const door = await fetch(address)
  t.equal(door.status, 401)
  t.match(await door.text(), /this is enter\.html/)
  for (const open of ['style.css', 'enter.js']) t.equal((await fetch(address + open)).status, 200, open)
  t.equal((await fetch(`${address}?token=wrong`)).status, 401)
  const byLink = await fetch(`${address}?token=${TOKEN}`, { redirect: 'manual' })
  t.match([byLink.status, byLink.headers.get('location')], [303, '/'])
  const form = { method: 'POST', body: new URLSearchParams({ token: TOKEN }), redirect: 'manual' } as const
  const byForm = await fetch(`${address}enter`, form)
  t.equal(byForm.status, 303)
  const cookie = byForm.headers.get('set-cookie')!.split(';')[0]
  t.notMatch(cookie, TOKEN)
  t.equal(byLink.headers.get('set-cookie')!.split(';')[0], cookie)
  t.match(await (await fetch(`${address}api/session`, { headers: { cookie } })).json(), { who: 'ann' })
  t.equal((await fetch(`${address}api/session`, { headers: { authorization: `Bearer ${TOKEN}` } })).status, 200)
  await fetch(`${address}api/segment?dev=gate-1&ref=street/${boot}/1`, { headers: { cookie } })
  t.match(source.audits, [{ who: 'ann', what: 'segment' }])
})

t.test('behind a proxy, under its name: whoever has a token may look, and nobody else', async (t) => {
  const { address } = await setUp(t, { token: true })
  const host = 'cams.example.com'
  t.equal(await status(`${address}api/cameras`, { host, authorization: `Bearer ${TOKEN}` }), 200)
  const body = new URLSearchParams({ token: TOKEN })
  const entered = await fetch(`${address}enter`, { method: 'POST', body, redirect: 'manual' })
  const cookie = entered.headers.get('set-cookie')!
  t.match(cookie, /; SameSite=Lax;/, 'no other site brings it along')
  t.notMatch(cookie, /Domain=|Secure/i, 'of this one name')
  const headers = { 'x-forwarded-proto': 'https' }
  const byTls = await fetch(`${address}enter`, { method: 'POST', body, headers, redirect: 'manual' })
  t.match(byTls.headers.get('set-cookie'), /; Secure$/, 'where the proxy has TLS')
  const own = { host, cookie: cookie.split(';')[0] }
  t.equal(await status(`${address}api/cameras`, own), 200)
  t.equal(await status(`${address}api/cameras`, { ...own, 'sec-fetch-site': 'cross-site' }), 403)
  t.equal(await status(`${address}api/cameras`, { host }), 401, 'a rebound name has no cookie')
})

t.test('the door answers a form with a page, its script with JSON, and leads to where the form was', async (t) => {
  const { address } = await setUp(t, { token: true })
  const enter = async (path: string, token: string, accept: string) => {
    const body = new URLSearchParams({ token })
    const response = await fetch(address + path, { method: 'POST', body, headers: { accept }, redirect: 'manual' })
    return { status: response.status, text: await response.text(), headers: response.headers }
  }
  for (const path of ['', 'index.html', 'enter']) {
    t.match(await enter(path, 'wrong', 'text/html'), {
      status: 401,
      text: /<p role="alert">This token is not known here/,
    })
    t.match(await enter(path, 'wrong', 'application/json'), { status: 401, text: /"error":"this token is not known/ })
    const entered = await enter(path, TOKEN, 'text/html,*/*')
    t.match([entered.status, entered.headers.get('location')], [303, '/'])
    t.ok(entered.headers.get('set-cookie'))
    const scripted = await enter(path, TOKEN, 'application/json')
    t.match(scripted, { status: 200, text: '{}' })
    t.ok(scripted.headers.get('set-cookie'))
  }
  const link = await fetch(`${address}?token=wrong`, { headers: { accept: 'text/html' } })
  t.match([link.status, await link.text()], [401, /This token is not known here/])
  t.match(await (await fetch(address)).text(), /<p role="alert"><\/p>/)
  const foreign = {
    method: 'POST',
    headers: { 'sec-fetch-site': 'cross-site' },
    body: new URLSearchParams({ token: TOKEN }),
  }
  t.equal((await fetch(address, foreign)).status, 403, 'no other site logs anybody in')
})

t.test('weights are kept by the browser and asked for anew', async (t) => {
  const { address, hash } = await setUp(t)
  const first = await fetch(`${address}api/bundle/decoder?hash=${hash}`)
  const etag = first.headers.get('etag')!
  t.equal(first.headers.get('cache-control'), 'private, no-cache')
  await first.arrayBuffer()
  t.equal((await fetch(first.url, { headers: { 'if-none-match': etag } })).status, 304)
  t.equal(
    (await fetch(`${address}api/segment?dev=gate-1&ref=street/${boot}/1`)).headers.get('cache-control'),
    'no-store',
  )
})

t.test('what comes live, and whose pictures', async (t) => {
  const { address, source } = await setUp(t)
  const stop = new AbortController()
  const response = await fetch(`${address}api/live?pictures=gate-1/street`, { signal: stop.signal })
  t.equal(response.headers.get('content-type'), 'text/event-stream')
  const reader = response.body!.getReader()
  let text = ''
  const [[hear, pictures]] = source.listeners
  t.strictSame([...pictures], ['gate-1/street'])
  hear({ kind: 'notice', text: 'the broker is away' })
  while (!text.includes('the broker is away')) text += Buffer.from((await reader.read()).value!).toString()
  t.match(text, /event: camera\ndata: \{"camera"/)
  t.match(source.audits, [{ who: 'guard', what: 'live', dev: 'gate-1', cam: 'street' }])
  stop.abort()
  await until('the reader is gone', () => source.listeners.size === 0)
  t.match(source.audits, [{ what: 'live' }, { what: 'live', cam: 'street', to: /^20/ }])
})

t.test('where the store takes no record of views nothing is shown, and it is said', async (t) => {
  let store: Store | undefined
  let frame: Uint8Array = new Uint8Array()
  const { address } = await setUp(t, {
    sourceIn: async (dir) => {
      frame = makeFrame(makeBundle(join(dir, 'made')), 1)
      store = await openStore(join(dir, 'fleet.sqlite'))
      const topic = new Topics('blindsight', 'gate-1').result('bits', 'street')
      await store.commit([readIncoming('blindsight', { topic, payload: frame })], '2026-05-01T08:00:00.000Z')
      return new StoreSource({ store, objects: undefined, live: undefined, audit: new AuditLog(undefined, () => {}) })
    },
  })
  t.teardown(() => store?.close())
  const file = join(t.testdirName, 'fleet.sqlite')
  const sql = (text: string) => {
    const db = new Database(file)
    db.exec(text)
    db.close()
  }
  sql("CREATE TRIGGER full BEFORE INSERT ON audits BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
  const segment = `${address}api/segment?dev=gate-1&ref=street/${boot}/1`
  for (const asked of [segment, `${address}api/live?pictures=gate-1/street`]) {
    const refused = await fetch(asked)
    t.equal(refused.status, 500, asked)
    t.match(refused.headers.get('content-type'), /json/)
    t.match(await refused.json(), { error: /nothing is shown that cannot be written down.*fleet\.sqlite.*full/ })
  }
  sql('DROP TRIGGER full')
  const shown = await fetch(segment)
  t.equal(shown.status, 200)
  t.ok(sameBytes(new Uint8Array(await shown.arrayBuffer()), frame))
  const live = await fetch(`${address}api/live?pictures=gate-1/street`)
  t.equal(live.status, 200)
  await live.body!.cancel()
  const lines = await until('its end is there', async () => {
    const found = await store!.audits(10)
    return found.length === 3 && found
  })
  t.match(lines, [{ ref: 'live' }, { ref: 'live' }, { ref: `street/${boot}/1`, who: 'guard (127.0.0.1)' }])
  t.equal(lines[0].from, lines[1].from)
  t.ok(lines[0].to > lines[0].from)
})

t.test('a port that is taken, a page that is not built', async (t) => {
  const { address, source } = await setUp(t)
  const options = { host: '127.0.0.1', user: 'guard', source, api: { get: {}, post: {} }, log: () => {} }
  t.throws(() => new ViewServer({ ...options, port: 0, pageDir: t.testdir() }), /no page.*npm run build/)
  const pageDir = t.testdir({ 'index.html': '' })
  const second = new ViewServer({ ...options, port: Number(new URL(address).port), pageDir })
  await t.rejects(second.start(), /cannot listen.*another --port/)
  await second.stop()
})

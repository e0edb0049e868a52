/** Real sockets: well-behaved clients, slow ones, too many, and places that cannot be had. */
import { once } from 'node:events'
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Listener, type Place } from '../../../agent/http/listener.js'
import { routes } from '../../../agent/http/routes.js'
import { silentLog } from '../../../agent/log.js'
import { ask } from '../../../agent/status/ask.js'
import { Backoff } from '../../../contract/backoff.js'
import { until } from '../../e2e/until.js'
import { sample } from './sample.js'

async function serve(t: Test, places: Place[], warnings: string[] = []) {
  const log = { ...silentLog, warn: (fields: object) => warnings.push(String((fields as { reason: string }).reason)) }
  const listener = new Listener(
    places,
    routes(() => sample),
    log,
    new Backoff(10, 50),
  )
  t.teardown(() => listener.stop())
  await listener.start()
  return listener
}

const local = { port: 0, host: '127.0.0.1' }
const portOf = (listener: Listener) => Number(new URL(listener.address!).port)

t.test('what there is, and what not', async (t) => {
  const { address } = await serve(t, [local])
  const ask = (path: string, method = 'GET') => fetch(address + path, { method })
  t.match(await (await ask('/metrics')).text(), /^# HELP blindsight_info/)
  t.match((await ask('/metrics')).headers.get('content-type'), /^text\/plain; version=0\.0\.4/)
  t.match(await (await ask('/healthz?full')).json(), { ok: true, state: 'online', broker: { connected: false } })
  t.equal((await ask('/status')).status, 200)
  t.equal((await ask('/')).status, 404)
  t.equal((await ask('/metrics/../etc')).status, 404)
  const post = await ask('/metrics', 'POST')
  t.strictSame([post.status, post.headers.get('allow')], [405, 'GET, HEAD'])
  const head = await ask('/metrics', 'HEAD')
  t.equal(head.status, 200)
  t.equal(await head.text(), '')
})

t.test('503 with the reason', async (t) => {
  const listener = new Listener(
    [local],
    routes(() => ({ ...sample, ok: false, why: 'starting' })),
    silentLog,
  )
  t.teardown(() => listener.stop())
  await listener.start()
  const answer = await fetch(`${listener.address}/healthz`)
  t.equal(answer.status, 503)
  t.match(await answer.json(), { ok: false, why: 'starting' })
})

t.test('figures that cannot be had are an error of their own', async (t) => {
  const failing = routes(() => {
    throw new Error('no archive')
  })
  const listener = new Listener([local], failing, silentLog)
  t.teardown(() => listener.stop())
  await listener.start()
  t.equal((await fetch(`${listener.address}/status`)).status, 500)
})

t.test('clients that say nothing are hung up on, and others are served', async (t) => {
  const listener = await serve(t, [local])
  const silent = Array.from({ length: 20 }, () => connect(portOf(listener), '127.0.0.1').on('error', () => {}))
  t.teardown(() => {
    for (const socket of silent) socket.destroy()
  })
  await Promise.all(silent.map((socket) => once(socket, 'connect')))
  silent[0]!.write('GET /metrics HTTP/1.1\r\nhost: x\r\nx-slow: ')
  t.equal((await fetch(`${listener.address}/healthz`)).status, 200)
  for (const socket of silent) socket.resume()
  await Promise.all(silent.map((socket) => socket.closed || once(socket, 'close')))
})

t.test('a flood is turned away, and the server is there after it', async (t) => {
  const listener = await serve(t, [local])
  const many = Array.from({ length: 200 }, () => connect(portOf(listener), '127.0.0.1').on('error', () => {}))
  await until('some to be turned away', () => many.filter((socket) => socket.resume().closed).length >= 100)
  for (const socket of many) socket.destroy()
  await until('an answer', () =>
    fetch(`${listener.address}/healthz`)
      .then(({ status }) => status === 200)
      .catch(() => false),
  )
})

t.test('a port that is taken is had as soon as it is free', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  const warnings: string[] = []
  const listener = await serve(t, [{ port, host: '127.0.0.1' }], warnings)
  t.equal(listener.address, undefined)
  t.match(warnings[0], /EADDRINUSE/)
  other.close()
  await until('the port', () => listener.address)
  t.equal((await fetch(`${listener.address}/healthz`)).status, 200)
})

t.test('an address that this machine has not', async (t) => {
  const warnings: string[] = []
  await serve(t, [{ port: 0, host: '192.0.2.1' }], warnings)
  t.match(warnings[0], /EADDRNOTAVAIL/)
})

t.test('a socket file: what a killed agent left is taken over, another agent is not', async (t) => {
  const dir = t.testdir()
  const path = join(dir, 'status.sock')
  writeFileSync(path, '')
  const first = await serve(t, [{ path }])
  t.equal(first.address, path)
  t.equal(statSync(path).mode & 0o777, 0o660)
  t.match(await ask([{ socketPath: path }], '/var/lib/blindsight'), { facts: { device: 'gate-1' } })
  const warnings: string[] = []
  const second = await serve(t, [{ path }, { path: join(dir, 'other.sock') }], warnings)
  t.equal(second.address, join(dir, 'other.sock'), 'the next place is taken')
  t.strictSame(warnings, [])
  await first.stop()
  t.notOk(existsSync(path))
})

t.test('a folder too deep for the name of a socket is none', async (t) => {
  const dir = join(t.testdir(), 'x'.repeat(100))
  mkdirSync(dir)
  const path = join(dir, 'status.sock')
  const listener = await serve(t, [{ path }])
  t.equal(listener.address, path)
  const answer = await ask([{ socketPath: path }], undefined)
  t.match(answer, { facts: { device: 'gate-1' } })
  t.match(await ask([{ socketPath: path }], '/other'), { failure: 'absent' })
  await listener.stop()
  t.notOk(existsSync(path))
})

t.test('a folder that is not there is said', async (t) => {
  const warnings: string[] = []
  await serve(t, [{ path: '/nonexistent/s' }, { path: `/nonexistent/${'x'.repeat(120)}/s` }], warnings)
  t.match(warnings[0], /\/nonexistent\/s.*ENOENT/)
})

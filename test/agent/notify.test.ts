import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { Notifier } from '../../agent/notify.js'
import { until } from '../e2e/until.js'

const unix = createRequire(import.meta.url)('unix-dgram') as {
  createSocket(
    type: 'unix_dgram',
    listener: (bytes: Buffer) => void,
  ): { bind(path: string): void; close(): void; once(event: 'error', listener: (error: Error) => void): void }
}

/** A service manager's side of the socket. */
class Manager {
  readonly directory = mkdtempSync(join(tmpdir(), 'bs-notify-'))
  readonly path = join(this.directory, 'notify')
  readonly received: string[] = []
  readonly #socket = unix.createSocket('unix_dgram', (bytes) => this.received.push(bytes.toString()))
  bind(): void {
    this.#socket.bind(this.path)
  }
  async saw(count: number): Promise<string[]> {
    await until(`${count} messages`, () => this.received.length >= count)
    return this.received
  }
  close(): void {
    this.#socket.close()
    rmSync(this.directory, { recursive: true })
  }
}

t.test('every message arrives as systemd reads it', async (t) => {
  const manager = new Manager()
  t.teardown(() => manager.close())
  manager.bind()
  const log: string[] = []
  const notifier = new Notifier({ NOTIFY_SOCKET: manager.path }, (line) => log.push(line))
  notifier.extend(90_000)
  notifier.extend(0.5)
  notifier.extend(Number.NaN)
  notifier.extend(-1)
  notifier.ready('2 cameras, cpu')
  notifier.status('yard: 9.8 fps')
  notifier.watchdog()
  notifier.stopping()
  notifier.reloading()
  const received = await manager.saw(7)
  t.match(received.pop(), /^RELOADING=1\nMONOTONIC_USEC=\d+$/)
  t.strictSame(received, [
    'EXTEND_TIMEOUT_USEC=90000000',
    'EXTEND_TIMEOUT_USEC=500',
    'READY=1\nSTATUS=2 cameras, cpu',
    'STATUS=yard: 9.8 fps',
    'WATCHDOG=1',
    'STOPPING=1',
  ])
  notifier.close()
  notifier.close()
  notifier.watchdog()
  await new Promise((done) => setTimeout(done, 50))
  t.equal(manager.received.length, 6, 'nothing is sent after close')
  t.strictSame(log, [])
})

t.test('a status cannot smuggle in another assignment', async (t) => {
  const manager = new Manager()
  t.teardown(() => manager.close())
  manager.bind()
  new Notifier({ NOTIFY_SOCKET: manager.path }).status('yard\nWATCHDOG=1\r\nREADY=1')
  t.strictSame(await manager.saw(1), ['STATUS=yard WATCHDOG=1 READY=1'])
})

t.test('no socket stays open that would keep the process alive', async (t) => {
  const manager = new Manager()
  t.teardown(() => manager.close())
  manager.bind()
  const notifier = new Notifier({ NOTIFY_SOCKET: manager.path })
  notifier.watchdog()
  await manager.saw(1)
  const open = () => readdirSync('/proc/self/fd').length
  const before = open()
  // One by one: the system keeps ten messages for a manager that has not read them yet.
  for (let i = 0; i < 20; i++) {
    notifier.watchdog()
    await manager.saw(i + 2)
  }
  t.equal(open(), before)
})

t.test('READY is repeated until the manager listens', async (t) => {
  const manager = new Manager()
  t.teardown(() => manager.close())
  const log: string[] = []
  const notifier = new Notifier({ NOTIFY_SOCKET: manager.path }, (line) => log.push(line))
  notifier.ready('started')
  await new Promise((done) => setTimeout(done, 20))
  t.strictSame(manager.received, [])
  manager.bind()
  t.strictSame(await manager.saw(1), ['READY=1\nSTATUS=started'])
  t.strictSame(log, [])
  notifier.close()
})

t.test('without NOTIFY_SOCKET nothing happens', async (t) => {
  const notifier = new Notifier({}, (line) => t.fail(line))
  notifier.ready('x')
  notifier.status('x')
  notifier.watchdog()
  notifier.extend(1)
  notifier.stopping()
  notifier.close()
  t.equal(notifier.watchdogMs, undefined)
})

t.test('an address that cannot be used is said once and never thrown', async (t) => {
  const cases = {
    '@/org/x': /abstract/,
    'vsock:2:1234': /vsock/,
    [`/${'x'.repeat(120)}`]: /107 bytes/,
    '/nonexistent/s': /-2$/,
  }
  for (const [NOTIFY_SOCKET, expected] of Object.entries(cases)) {
    const log: string[] = []
    const notifier = new Notifier({ NOTIFY_SOCKET }, (line) => log.push(line))
    if (!NOTIFY_SOCKET.startsWith('/non')) notifier.ready('x')
    notifier.watchdog()
    notifier.watchdog()
    t.equal(log.length, 1, NOTIFY_SOCKET)
    t.match(log[0], expected)
    notifier.close()
  }
})

t.test('watchdogMs', async (t) => {
  const ms = (env: NodeJS.ProcessEnv) => new Notifier(env).watchdogMs
  t.equal(ms({ WATCHDOG_USEC: '60000000', WATCHDOG_PID: String(process.pid) }), 60_000)
  t.equal(ms({ WATCHDOG_USEC: '60000000' }), 60_000, 'no pid: meant for whoever reads it')
  t.equal(ms({ WATCHDOG_USEC: '60000000', WATCHDOG_PID: '1' }), undefined, 'meant for another process')
  for (const WATCHDOG_USEC of ['', '0', '-5', '1e3', 'soon']) t.equal(ms({ WATCHDOG_USEC }), undefined, WATCHDOG_USEC)
})

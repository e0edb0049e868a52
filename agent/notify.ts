import { createRequire } from 'node:module'

/** The part of the package unix-dgram that is used here; it brings no types. */
interface DatagramSocket {
  send(buffer: Buffer, offset: number, length: number, path: string, callback: (error?: Error) => void): void
  close(): void
}
interface UnixDgram {
  createSocket(type: 'unix_dgram'): DatagramSocket
}

/** sun_path of sockaddr_un is 108 bytes with its terminator; unix-dgram cuts a longer path off without a word. */
const MAX_PATH_BYTES = 107

/** A lost READY=1 ends in a start timeout, so it alone is repeated: for five seconds, the time of a daemon-reexec. */
const READY_RETRIES = 20
const READY_RETRY_MS = 250

/**
 * The service manager's notification protocol, sd_notify(3). Without NOTIFY_SOCKET every call does nothing; no call
 * ever throws, because a status line that is not delivered must not stop an agent that works.
 */
export class Notifier {
  /** How often the service manager expects watchdog(); undefined if it does not watch this process. */
  readonly watchdogMs: number | undefined
  readonly #path: string | undefined
  readonly #log: (message: string) => void
  #module: UnixDgram | undefined
  #failing = false
  #closed = false
  #retry: NodeJS.Timeout | undefined

  constructor(
    env: NodeJS.ProcessEnv = process.env,
    log: (message: string) => void = (message) => console.error(message),
  ) {
    this.#log = log
    this.#path = env.NOTIFY_SOCKET || undefined
    this.watchdogMs = watchdogMs(env)
  }

  ready(status: string): void {
    this.#send(`READY=1\nSTATUS=${oneLine(status)}`, READY_RETRIES)
  }

  status(text: string): void {
    this.#send(`STATUS=${oneLine(text)}`)
  }

  watchdog(): void {
    this.#send('WATCHDOG=1')
  }

  /** A new configuration is being taken; ready() ends it. */
  reloading(): void {
    this.#send(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`)
  }

  stopping(): void {
    this.#send('STOPPING=1')
  }

  /** Asks for `ms` more from now on before start or stop counts as timed out; to be repeated during longer work. */
  extend(ms: number): void {
    if (ms > 0 && Number.isFinite(ms)) this.#send(`EXTEND_TIMEOUT_USEC=${Math.ceil(ms * 1000)}`)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#retry)
  }

  #send(message: string, retries = 0): void {
    if (this.#path === undefined || this.#closed) return
    try {
      this.#deliver(message, this.#path)
      this.#failing = false
    } catch (error) {
      if (!(error instanceof Unusable) && retries > 0) {
        this.#retry = setTimeout(() => this.#send(message, retries - 1), READY_RETRY_MS)
        this.#retry.unref()
        return
      }
      if (!this.#failing) this.#log(`the service manager is not notified: ${(error as Error).message}`)
      this.#failing = true
    }
  }

  /** A socket per datagram: one that stays open would keep the event loop, and so a finished process, alive. */
  #deliver(message: string, path: string): void {
    if (!path.startsWith('/'))
      throw new Unusable(`NOTIFY_SOCKET=${path} is no file, and unix-dgram cannot send to abstract or vsock addresses`)
    if (Buffer.byteLength(path) > MAX_PATH_BYTES)
      throw new Unusable(`NOTIFY_SOCKET is longer than ${MAX_PATH_BYTES} bytes: ${path}`)
    this.#module ??= load()
    const socket = this.#module.createSocket('unix_dgram')
    const bytes = Buffer.from(message)
    let failure: Error | undefined
    try {
      socket.send(bytes, 0, bytes.length, path, (error) => {
        failure = error
      })
    } finally {
      socket.close()
    }
    if (failure) throw new Error(`${path}: ${failure.message}`)
  }
}

/** What does not get better by trying again. */
class Unusable extends Error {}

function load(): UnixDgram {
  try {
    return createRequire(import.meta.url)('unix-dgram') as UnixDgram
  } catch (cause) {
    throw new Unusable('the package unix-dgram could not be loaded (npm rebuild unix-dgram)', { cause })
  }
}

/** As sd_watchdog_enabled(3): WATCHDOG_PID, where it is set, names the process that is watched. */
function watchdogMs(env: NodeJS.ProcessEnv): number | undefined {
  const micros = env.WATCHDOG_USEC ?? ''
  if (!/^[1-9]\d*$/.test(micros)) return undefined
  if (env.WATCHDOG_PID && env.WATCHDOG_PID !== String(process.pid)) return undefined
  return Number(micros) / 1000
}

/** A line break would start a new assignment: a camera's name must not be able to say WATCHDOG=1. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ')
}

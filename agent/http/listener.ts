/** One HTTP server, on a port or a socket file. Not being able to listen is retried, and never the end of the agent. */
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { connect } from 'node:net'
import { Backoff } from '../../contract/backoff.js'
import { messageOf } from '../errors.js'
import type { Log } from '../log.js'
import { type Reached, reach } from '../sockets.js'

export type Place = { readonly port: number; readonly host: string } | { readonly path: string }

/** Clients at once, and how long one may take over a request or over reading the answer. */
const CONNECTIONS = 32
const PATIENCE_MS = 5000
const MAX_HEADER_BYTES = 8192

export class Listener {
  /** Where it listens: of port 0 the one it has. */
  address: string | undefined
  private server: Server | undefined
  private socket: Reached | undefined
  private retry: NodeJS.Timeout | undefined
  private ended = false

  constructor(
    private readonly places: readonly Place[],
    private readonly handler: RequestListener,
    private readonly log: Log,
    private readonly backoff = new Backoff(1000, 60_000),
  ) {}

  /** Resolves after the first attempt, whatever came of it. */
  async start(): Promise<void> {
    const reasons: string[] = []
    for (const place of this.places) {
      if (this.ended) return
      try {
        await this.listen(place)
        return
      } catch (error) {
        reasons.push(messageOf(error))
      }
    }
    if (this.ended) return
    const retryMs = this.backoff.next()
    this.log.warn({ reason: reasons.join('; '), retryMs }, 'nobody can ask over HTTP; everything else goes on')
    this.retry = setTimeout(() => void this.start(), retryMs)
    this.retry.unref()
  }

  async stop(): Promise<void> {
    this.ended = true
    clearTimeout(this.retry)
    const { server } = this
    this.server = undefined
    if (!server) return
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeAllConnections()
    await closed
    this.socket?.release()
  }

  private async listen(place: Place): Promise<void> {
    const socket = 'path' in place ? reach(place.path) : undefined
    try {
      await this.open(socket ?? (place as { port: number; host: string }))
    } catch (error) {
      socket?.release()
      throw error
    }
    this.socket = socket
    if (this.ended) return this.stop()
    const bound = this.server?.address()
    // The service's group may ask: there is nothing secret in the answer, and nothing to change.
    if (socket) chmodSync(socket.path, 0o660)
    if ('path' in place) this.address = place.path
    else if (typeof bound === 'object' && bound) this.address = urlOf(bound)
    if (!socket) this.log.info({ url: this.address }, '/metrics and /healthz are served')
  }

  private async open(place: { path: string } | { port: number; host: string }): Promise<void> {
    if ('path' in place) await makeWay(place.path)
    const server = createServer(
      {
        maxHeaderSize: MAX_HEADER_BYTES,
        headersTimeout: PATIENCE_MS,
        requestTimeout: PATIENCE_MS,
        keepAliveTimeout: PATIENCE_MS,
        connectionsCheckingInterval: 1000,
      },
      this.handler,
    )
    server.maxConnections = CONNECTIONS
    server.timeout = PATIENCE_MS
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(place, () => {
        server.off('error', reject)
        resolve()
      })
    })
    // Of a server that listens already: too many open files, say. The next client may have more luck.
    server.on('error', (error) => this.log.warn({ reason: error.message }, 'an HTTP client was not served'))
    this.server = server
  }
}

const urlOf = ({ address, family, port }: { address: string; family: string; port: number }) =>
  `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`

/** What a killed agent left is removed; a socket that answers is another's. */
async function makeWay(path: string): Promise<void> {
  const taken = await new Promise<boolean>((resolve) => {
    const socket = connect(path)
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
  if (taken) throw new Error(`${path}: another blindsight answers there`)
  rmSync(path, { force: true })
}

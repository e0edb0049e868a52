/** The adapter around fastify: the page, its questions, and who may ask them. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import fastifyStatic from '@fastify/static'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { packageRoot } from '../../contract/package-root.js'
import { Failure } from '../failure.js'
import { faultOf } from './api/faults.js'
import { Query } from './api/query.js'
import { type Api, type Looker, picturesOf, type Reply } from './api/routes.js'
import { isForeign, securityHeaders } from './headers.js'
import { hostFault, isLoopback } from './host.js'
import { LiveViews } from './live-views.js'
import type { ViewSource } from './source.js'
import type { Doorkeeper } from './token.js'

export interface ServerOptions {
  readonly host: string
  readonly port: number
  /** Absent: whoever reaches loopback may look. */
  readonly door?: Doorkeeper | undefined
  /** Who looks where nobody has a token: the user of this machine. */
  readonly user: string
  readonly source: ViewSource
  readonly api: Api
  readonly pageDir?: string
  /** What nobody foresaw. */
  log(text: string): void
}

const MOST_CONNECTIONS = 128
const REQUEST_BYTES = 4096
const WASM = 'ort-wasm-simd-threaded.wasm'

declare module 'fastify' {
  interface FastifyRequest {
    looker: Looker | undefined
  }
}

export class ViewServer {
  private readonly app: FastifyInstance
  private readonly views: LiveViews
  private readonly pageDir: string
  private port = 0

  constructor(private readonly options: ServerOptions) {
    this.pageDir = options.pageDir ?? join(packageRoot(), 'dist', 'client', 'view', 'page')
    this.views = new LiveViews(options.source, options.log)
    this.app = fastify({
      bodyLimit: REQUEST_BYTES,
      requestTimeout: 30_000,
      keepAliveTimeout: 10_000,
      forceCloseConnections: true,
      exposeHeadRoutes: false,
    })
    this.app.server.maxConnections = MOST_CONNECTIONS
    this.app.decorateRequest('looker', undefined)
    this.app.setErrorHandler((error, _request, reply) => this.fail(error, reply))
    this.app.setNotFoundHandler((_request, reply) => refuse(reply, 404, 'there is nothing of this name here'))
    this.app.addHook('onRequest', (request, reply) => this.check(request, reply))
    this.app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
      done(null, Object.fromEntries(new URLSearchParams(String(body)))),
    )
    this.routes()
  }

  /** @returns its address. @throws {Failure} other, input */
  async start(): Promise<string> {
    const { host, port } = this.options
    try {
      await this.app.listen({ host, port })
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException
      if (code === undefined) throw cause
      const hint =
        code === 'EADDRINUSE' ? 'choose another --port, or 0 for any that is free' : 'choose another --host or --port'
      throw new Failure('other', `cannot listen, ${host}:${port}: ${message}; ${hint}`, { cause })
    }
    this.port = (this.app.server.address() as AddressInfo).port
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.port}/`
  }

  async stop(): Promise<void> {
    await this.views.stop()
    await this.app.close()
    // Of whoever came in between.
    await this.views.stop()
  }

  private routes(): void {
    const { pageDir } = this
    const { api } = this.options
    if (!existsSync(join(pageDir, 'index.html')))
      throw new Failure('input', `no page, ${pageDir}, build it: npm run build`)
    for (const method of ['get', 'post'] as const)
      for (const [name, route] of Object.entries(api[method]))
        this.app[method](`/api/${name}`, async (request, reply) =>
          send(reply, request, await route(queryOf(request), request.looker!)),
        )
    this.app.get('/api/live', (request, reply) => this.live(request, reply))
    for (const path of ['/enter', ...pages])
      this.app.post(path, (request, reply) =>
        this.enter((request.body as { token?: unknown } | null)?.token, request, reply),
      )
    const dist = dirname(createRequire(import.meta.url).resolve(`onnxruntime-web/${WASM}`))
    this.app.register(fastifyStatic, {
      root: pageDir,
      cacheControl: false,
      setHeaders: (response) => void response.header('cache-control', 'no-cache'),
    })
    this.app.get(`/${WASM}`, (_request, reply) => reply.header('cache-control', 'no-cache').sendFile(WASM, dist))
  }

  /** Before anything else is done with a request. */
  private async check(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    reply.headers(securityHeaders)
    const { door, host, user } = this.options
    // With a token a rebound name leads nowhere: the cookie is of another name, and a proxy passes on whichever it has.
    if (!door && isLoopback(host)) {
      const fault = hostFault(request.headers.host, this.port)
      if (fault) return refuse(reply, 403, fault)
    }
    const path = request.url.split('?')[0]
    const isLink = request.method === 'GET' && pages.has(path)
    const enters = path === '/enter' || (request.method === 'POST' && pages.has(path))
    if (!isLink && isForeign(request.headers['sec-fetch-site']))
      return refuse(reply, 403, 'another site has no business here')
    const address = request.ip
    if (!door) {
      request.looker = { who: user, address }
      return
    }
    const { token } = request.query as { token?: unknown }
    if (isLink && token !== undefined) return this.enter(token, request, reply)
    const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
    const viewer = (bearer && door.byToken(bearer)) || door.byCookie(request.headers.cookie)
    if (viewer) request.looker = { who: viewer.name, address }
    else if (enters || openToAll.has(path)) return
    else if (isLink) return this.askToken(reply)
    else return refuse(reply, 401, 'no token: open the page and enter it, or send Authorization: Bearer TOKEN')
  }

  /** The token is exchanged for a cookie, so that it stays in no address and no history. */
  private async enter(token: unknown, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { door } = this.options
    const wants = (type: string) => request.headers.accept?.includes(type) ?? false
    const viewer = typeof token === 'string' ? door?.byToken(token.trim()) : undefined
    if (door && !viewer) {
      if (wants('text/html')) return this.askToken(reply, 'This token is not known here.')
      return refuse(reply, 401, 'this token is not known here: enter another')
    }
    // By the proxy's word: who makes it up keeps nothing but the own cookie from coming back.
    const secure = request.headers['x-forwarded-proto'] === 'https'
    if (door && viewer) reply.header('set-cookie', door.cookie(viewer, secure))
    reply.header('cache-control', 'no-store')
    return wants('application/json') ? reply.send({}) : reply.redirect('/', 303)
  }

  private async askToken(reply: FastifyReply, fault = ''): Promise<FastifyReply> {
    const form = await readFile(join(this.pageDir, 'enter.html'), 'utf8')
    reply.code(401).header('cache-control', 'no-store').type('text/html')
    return reply.send(form.replace('role="alert">', `role="alert">${fault}`))
  }

  private async live(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { raw } = reply
    const head = {
      ...securityHeaders,
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    }
    await this.views.begin(request.looker!, picturesOf(queryOf(request)), raw, () => raw.writeHead(200, head))
    reply.hijack()
  }

  private fail(error: unknown, reply: FastifyReply): FastifyReply {
    const { status, text } = faultOf(error)
    if (status === 500) this.options.log((error as Error).message)
    return refuse(reply, status, text)
  }
}

/** What the page with the form needs; nothing in it is of a camera. */
const openToAll = new Set(['/style.css', '/icon.svg', '/enter.js'])
/** Where a link may lead from elsewhere, and where the form without a script leads back to. */
const pages = new Set(['/', '/index.html'])

const queryOf = (request: FastifyRequest): Query => new Query(request.query as Record<string, unknown>)

const refuse = (reply: FastifyReply, status: number, text: string): FastifyReply =>
  reply.code(status).header('cache-control', 'no-store').send({ error: text })

function send(reply: FastifyReply, request: FastifyRequest, answer: Reply): FastifyReply {
  if ('json' in answer) return reply.header('cache-control', 'no-store').send(answer.json)
  const { bytes, sha256 } = answer
  reply.type('application/octet-stream')
  if (sha256 === undefined) return reply.header('cache-control', 'no-store').send(Buffer.from(bytes))
  // Kept by the browser, and asked for again each time: who may look is checked anew.
  reply.headers({ 'cache-control': 'private, no-cache', etag: `"${sha256}"` })
  if (request.headers['if-none-match'] === `"${sha256}"`) return reply.code(304).send()
  return reply.send(Buffer.from(bytes))
}

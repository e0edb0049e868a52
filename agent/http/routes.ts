/** /healthz, /metrics and /status, read only. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Facts } from '../facts.js'
import { contentType, metrics } from './metrics.js'

type Page = { readonly status: number; readonly type: string; readonly body: string }

const json = (status: number, value: object): Page => ({
  status,
  type: 'application/json',
  body: `${JSON.stringify(value)}\n`,
})

const pages: Record<string, (facts: Facts) => Page | Promise<Page>> = {
  '/healthz': ({ ok, why, state, reason, device, health }) =>
    json(ok ? 200 : 503, { ok, why, state, ...(reason && { reason }), device, broker: health?.broker ?? null }),
  '/metrics': async (facts) => ({ status: 200, type: contentType, body: await metrics(facts) }),
  '/status': (facts) => json(200, facts),
}

export function routes(facts: () => Facts): RequestListener {
  return (request, response) => {
    answer(request, facts)
      .catch((error) => json(500, { error: String(error) }))
      .then((page) => send(request, response, page))
  }
}

async function answer(request: IncomingMessage, facts: () => Facts): Promise<Page> {
  const page = pages[(request.url ?? '').split('?')[0]!]
  if (!page) return json(404, { error: `not here; there are ${Object.keys(pages).join(', ')}` })
  if (request.method !== 'GET' && request.method !== 'HEAD') return json(405, { error: 'GET or HEAD only' })
  return page(facts())
}

function send(request: IncomingMessage, response: ServerResponse, { status, type, body }: Page): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...(status === 405 && { allow: 'GET, HEAD' }),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

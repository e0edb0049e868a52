/** /metrics and /healthz of a collector. */
import Fastify from 'fastify'
import { Failure } from '../failure.js'
import type { Figures } from './figures.js'

export interface Place {
  readonly host: string
  readonly port: number
}

/** @returns its address, and how to end it. @throws {Failure} other: it cannot listen there */
export async function serve(
  { host, port }: Place,
  figures: Figures,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = Fastify({ logger: false, connectionTimeout: 5000, requestTimeout: 5000, forceCloseConnections: true })
  server.get('/metrics', async (_, reply) => reply.type(figures.contentType).send(await figures.metrics()))
  server.get('/healthz', async (_, reply) => {
    const health = figures.health()
    return reply.code(health.ok ? 200 : 503).send(health)
  })
  server.setNotFoundHandler((_, reply) => reply.code(404).send({ error: 'not here; there are /metrics and /healthz' }))
  try {
    const url = await server.listen({ host, port })
    return { url, close: () => server.close() }
  } catch (cause) {
    throw new Failure('other', `cannot listen, --http ${host}:${port}: ${(cause as Error).message}`, { cause })
  }
}

/** Whose name a browser thinks this server has: on loopback any other than its own is a rebound DNS name of a stranger's page. */
const loopback = new Set(['127.0.0.1', 'localhost', '::1'])

export const isLoopback = (host: string): boolean => loopback.has(host.replace(/^\[|\]$/g, ''))

/** What is wrong with a Host header, in words; undefined: nothing. */
export function hostFault(header: string | undefined, port: number): string | undefined {
  const found = /^(\[::1\]|[a-z0-9.-]+)(?::(\d+))?$/i.exec(header ?? '')
  const right = found && isLoopback(found[1].toLowerCase()) && Number(found[2] ?? 80) === port
  return right ? undefined : `this address is not for ${clean(header)}: open http://127.0.0.1:${port}/`
}

const clean = (header = 'a request without Host'): string => header.replace(/[^\w.:[\]-]/g, '').slice(0, 80)

/** What the verb view does: a source, a server before it, until it is stopped. */
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from '../../contract/package-root.js'
import { Bundles } from '../bitstreams/bundles.js'
import { Failure } from '../failure.js'
import { brokerSettings, checkId } from '../terminal/broker-flags.js'
import { positive, printError, printOut, wholeNumber } from '../terminal/verb.js'
import { routesOf } from './api/routes.js'
import { AuditLog } from './audit.js'
import { BoxSource } from './box.js'
import type { Flags } from './command.js'
import { isLoopback } from './host.js'
import { ViewServer } from './server.js'
import type { ViewSource } from './source.js'
import { StoreSource } from './store.js'
import { Doorkeeper, readTokens } from './token.js'

export async function view(flags: Flags, signal: AbortSignal): Promise<number> {
  const port = wholeNumber('--port', flags.port, 0)!
  if (port > 65535) throw new Failure('usage', `no port, --port ${port}, expected 0 to 65535`)
  const door = doorOf(flags)
  const audit = new AuditLog(flags.audit, printError)
  const box = new BoxSource({
    // What was missed while away is in the boxes' archives.
    broker: brokerSettings(flags, 0),
    base: flags.base,
    device: flags.device === '+' ? '+' : checkId('--device', flags.device),
    timeoutMs: positive('--timeout', flags.timeout)! * 1000,
    audit,
    notice: printError,
  })
  const source = flags.store === undefined ? box : await storeSource(flags.store, flags.bits, box, audit)
  const server = new ViewServer({
    host: flags.host,
    port,
    door,
    user: userInfo().username,
    source,
    api: routesOf(source, new Bundles(flags.bundles), versionHere()),
    log: printError,
  })
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  try {
    // A store is worth looking at without what is live.
    await Promise.race([source === box ? box.start() : box.startPatiently(), stopped])
    if (!signal.aborted) {
      printOut(`look at ${await server.start()} · ${source.place} · Ctrl-C ends it`)
      await stopped
    }
  } finally {
    await server.stop()
    await source.stop()
  }
  return 0
}

/** @throws {Failure} input: it cannot be opened */
async function storeSource(
  address: string,
  bits: string | undefined,
  live: BoxSource,
  audit: AuditLog,
): Promise<ViewSource> {
  const [{ openStore }, { openObjects }] = await Promise.all([
    import('../store/open.js'),
    import('../collect/objects.js'),
  ])
  try {
    const store = await openStore(address, { existing: true })
    return new StoreSource({ store, objects: await openObjects(bits), live, audit })
  } catch (cause) {
    throw new Failure('input', `${(cause as Error).message}, --store`, { cause })
  }
}

/** @throws {Failure} usage: none where one is needed; input */
function doorOf({ host, tokenFile }: Flags): Doorkeeper | undefined {
  const variable = process.env.BLINDSIGHT_VIEW_TOKEN
  if (tokenFile !== undefined) return new Doorkeeper(readTokens(textOf(tokenFile), `--token-file ${tokenFile}`))
  if (variable) return new Doorkeeper(readTokens(variable, 'BLINDSIGHT_VIEW_TOKEN'))
  if (isLoopback(host)) return undefined
  throw new Failure(
    'usage',
    `no token, --host ${host}, others could look: give --token-file or BLINDSIGHT_VIEW_TOKEN, or stay on 127.0.0.1`,
  )
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Failure('input', `cannot read, --token-file ${file}: ${(cause as Error).message}`, { cause })
  }
}

const versionHere = (): string => JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')).version

/** YAML text -> frozen Config. Errors name the file, the line and what to write instead. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { isMap, isNode, isScalar, LineCounter, type Node, parseDocument } from 'yaml'
import type { z } from 'zod'
import { AgentError, ExitCode, messageOf } from '../errors.js'
import { Config } from './schema.js'

export type LoadedConfig = Readonly<Config & { device: string }>

/** @throws {AgentError} code 'config', exit code 78 */
export function loadConfig(path: string): LoadedConfig {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw configError([`${path}: cannot be read (${messageOf(cause)})`])
  }
  return parseConfig(text, path)
}

export function parseConfig(text: string, path: string): LoadedConfig {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true })
  const syntax = document.errors[0]
  if (syntax) {
    throw configError([`${path}:${lines.linePos(syntax.pos[0]).line}: ${syntax.message.split('\n')[0]}`])
  }
  const lineOf = (keys: readonly PropertyKey[]): number => {
    for (let n = keys.length; n > 0; n--) {
      const parent = n > 1 ? document.getIn(keys.slice(0, n - 1), true) : document.contents
      const pair = isMap(parent) && parent.items.find(({ key }) => isScalar(key) && key.value === keys[n - 1])
      const node = pair ? (pair.key as Node) : document.getIn(keys.slice(0, n), true)
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
    }
    return 1
  }
  const result = Config.safeParse(plainValue(document, path) ?? {}, { reportInput: true })
  if (!result.success) {
    const issues = result.error.issues.flatMap(onePerKey)
    throw configError(issues.map((issue) => `${path}:${lineOf(whereOf(issue))}: ${describe(issue)}`))
  }
  return freeze(checked(result.data, (keys, text) => `${path}:${lineOf(keys)}: ${text}`))
}

function plainValue(document: ReturnType<typeof parseDocument>, path: string): unknown {
  try {
    return document.toJS()
  } catch (cause) {
    throw configError([`${path}: ${messageOf(cause)}`]) // an alias without its anchor
  }
}

/** What a schema cannot say: relations between keys, and secrets from files and the environment. */
function checked(config: Config, at: (keys: PropertyKey[], text: string) => string): LoadedConfig {
  const faults: string[] = []
  const seen = new Set<string>()
  for (const [i, camera] of config.cameras.entries()) {
    if (seen.has(camera.id)) faults.push(at(['cameras', i, 'id'], `camera id '${camera.id}' is used twice`))
    seen.add(camera.id)
  }
  const { mqtt } = config
  if (!mqtt.certFile !== !mqtt.keyFile) faults.push(at(['mqtt'], 'mqtt: certFile and keyFile belong together'))
  for (const key of ['caFile', 'certFile', 'keyFile', 'passwordFile'] as const) {
    const file = mqtt[key]
    const fault = file && unreadable(file)
    if (fault) faults.push(at(['mqtt', key], `mqtt.${key}: ${file} ${fault}`))
  }
  if (faults.length > 0) throw configError(faults)
  const password =
    process.env.BLINDSIGHT_MQTT_PASSWORD ??
    (mqtt.passwordFile ? readFileSync(mqtt.passwordFile, 'utf8').trim() : mqtt.password)
  const address = apart(mqtt.url)
  const login = { username: mqtt.username ?? address.username, password: password ?? address.password }
  return { ...config, device: config.device ?? deviceId(), mqtt: { ...mqtt, url: address.url, ...login } }
}

/** mqtt://name:password@host in its parts: the address goes into logs and to the service manager, the rest must not. */
function apart(address: string | undefined): { url?: string | undefined; username?: string; password?: string } {
  const inside = address && /^(\w+:\/\/)([^/?#]*)@(.*)$/s.exec(address)
  if (!inside) return { url: address }
  const [, scheme, login, rest] = inside as unknown as [string, string, string, string]
  const [, name = '', , password] = /^([^:]*)(:(.*))?$/s.exec(login)!
  return {
    url: scheme + rest,
    ...(name && { username: decoded(name) }),
    ...(password !== undefined && { password: decoded(password) }),
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // a % that is just that
  }
}

const onePerKey = (issue: z.core.$ZodIssue): z.core.$ZodIssue[] =>
  issue.code === 'unrecognized_keys' ? issue.keys.map((key) => ({ ...issue, keys: [key] })) : [issue]

const whereOf = (issue: z.core.$ZodIssue): PropertyKey[] =>
  issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path

function describe(issue: z.core.$ZodIssue): string {
  const name = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!
    const near = closest(key, knownKeys(issue.path))
    return `unknown key '${[...issue.path, key].join('.')}'${near ? `; did you mean '${near}'?` : ''}`
  }
  const value = issue.input as number
  const nearest = /multiples of (\d+)/.exec(issue.message)
  const hint = nearest && typeof value === 'number' ? `; nearest: ${Math.max(16, Math.round(value / 16) * 16)}` : ''
  return `${name || 'configuration'}: ${issue.message}${hint}`
}

function knownKeys(path: readonly PropertyKey[]): string[] {
  let schema: unknown = Config
  for (const key of path) {
    const inner = unwrap(schema) as { shape?: Record<string, unknown>; element?: unknown }
    schema = typeof key === 'number' ? inner.element : inner.shape?.[String(key)]
  }
  return Object.keys((unwrap(schema) as { shape?: object })?.shape ?? {})
}

function unwrap(schema: unknown): unknown {
  const inner = (schema as { def?: { innerType?: unknown } })?.def?.innerType
  return inner ? unwrap(inner) : schema
}

function closest(word: string, candidates: string[]): string | undefined {
  const scored = candidates.map((c) => ({ c, d: distance(word.toLowerCase().replaceAll('_', ''), c.toLowerCase()) }))
  scored.sort((a, b) => a.d - b.d)
  return scored[0] && scored[0].d <= Math.max(2, word.length / 3) ? scored[0].c : undefined
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]!
}

function unreadable(file: string): string | undefined {
  if (!existsSync(file)) return 'does not exist'
  try {
    readFileSync(file)
    return undefined
  } catch (cause) {
    return `cannot be read (${messageOf(cause)})`
  }
}

/** Two boxes from one disk image would share a host name, so the machine id comes first. */
function deviceId(): string {
  const machineId = existsSync('/etc/machine-id') ? readFileSync('/etc/machine-id', 'utf8').trim() : ''
  return `box-${createHash('sha256')
    .update(machineId || hostname())
    .digest('hex')
    .slice(0, 10)}`
}

const configError = (faults: string[]) => new AgentError('config', faults.join('\n'), ExitCode.config)

function freeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (inner && typeof inner === 'object') freeze(inner)
  return Object.freeze(value)
}

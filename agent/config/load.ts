/** YAML text -> frozen Config. Errors name the file, the line and what to write instead, of all that is wrong. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { messageOf } from '../errors.js'
import { bundleKey } from './bundle-key.js'
import { certificateFaults } from './certificates.js'
import { type Fault, faultsOf } from './faults.js'
import { brokerOf, sourceOf } from './login.js'
import { folderOf, withPaths } from './paths.js'
import { Config } from './schema.js'
import { readText } from './text.js'
import { ConfigError, type Wrong } from './wrong.js'
import { type Path, readYaml, type Yaml, YamlFault } from './yaml.js'

export type { Fault }
export type LoadedConfig = Readonly<Config & { device: string }>

/** A configuration, right or wrong. */
export type Examined =
  | { readonly config: LoadedConfig; readonly error?: undefined }
  | {
      readonly error: ConfigError
      /** What holds of it: a camera with a fault is off, another key with one is as if nobody had written it. undefined: nothing holds. */
      readonly config?: LoadedConfig | undefined
      /** Keys at its top with a fault below them. */
      readonly faulty: ReadonlySet<PropertyKey>
    }

/** Where in its file a key of a configuration stands. */
const sources = new WeakMap<object, { path: string; yaml: Yaml }>()

/** @throws {ConfigError} */
export function loadConfig(path: string): LoadedConfig {
  return right(examine(path))
}

/** @param folder what relative paths go by @throws {ConfigError} */
export function parseConfig(text: string, path: string, folder = folderOf(path)): LoadedConfig {
  return right(examineText(text, path, folder))
}

function right({ config, error }: Examined): LoadedConfig {
  if (error) throw error
  return config
}

export function examine(path: string): Examined {
  try {
    return examineText(readText(path), path)
  } catch (cause) {
    return nothing([{ line: undefined, text: `${path}: ${messageOf(cause)}` }])
  }
}

const nothing = (wrongs: readonly Wrong[]): Examined => ({ error: new ConfigError(wrongs), faulty: new Set() })

/** @param folder what relative paths go by */
export function examineText(text: string, path: string, folder = folderOf(path)): Examined {
  let yaml: Yaml
  try {
    yaml = readYaml(text)
  } catch (cause) {
    if (!(cause instanceof YamlFault)) throw cause
    return nothing(cause.all.map(({ line, message }) => ({ line, text: `${path}:${line}: ${message}` })))
  }
  const faults: Fault[] = []
  let { data, error } = Config.safeParse(yaml.value, { reportInput: true })
  if (error) {
    faults.push(...faultsOf(error.issues, Config, yaml))
    data = Config.safeParse(holding(yaml.value, faults)).data
  }
  const config = data && freeze(checked(withPaths(data, folder), folder, yaml, faults))
  const source = { path, yaml }
  if (config) sources.set(config, source)
  if (config && faults.length === 0) return { config }
  const wrongs = faults.map((fault) => located(fault, source))
  return { config, error: new ConfigError(wrongs), faulty: new Set(faults.map((fault) => fault.path[0]!)) }
}

/** What can be looked at further, in its old places. */
function holding(value: unknown, faults: readonly Fault[]): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  const left: Record<PropertyKey, unknown> = { ...value }
  const off = new Map<number, unknown>()
  for (const { path } of faults) {
    const [key, i] = path
    if (key === 'cameras' && typeof i === 'number')
      off.set(i, { id: `${'-'.repeat(32)}${i}`, source: '/', enabled: false })
    else delete left[key!]
  }
  const cameras: readonly unknown[] = Array.isArray(left.cameras) ? left.cameras : [undefined]
  return {
    ...left,
    cameras: cameras.map((camera, i) => off.get(i) ?? camera ?? { id: '-', source: '/', enabled: false }),
  }
}

/** What turns out wrong with a configuration only where it is used, with file and line. */
export function wrongConfig(config: LoadedConfig, faults: readonly Fault[]): ConfigError {
  const source = sources.get(config)
  return new ConfigError(faults.map((fault) => located(fault, source)))
}

function located({ path, text }: Fault, source: { path: string; yaml: Yaml } | undefined): Wrong {
  if (!source) return { line: undefined, text }
  const line = source.yaml.lineOf(path)
  return { line, text: `${source.path}:${line}: ${text}` }
}

/** What a schema cannot say: relations between keys, and secrets from files and the environment. @param faults more of them */
function checked(config: Config, folder: string, yaml: Yaml, faults: Fault[]): LoadedConfig {
  const seen = new Set<string>()
  for (const [i, { id }] of config.cameras.entries()) {
    if (seen.has(id)) faults.push({ path: ['cameras', i, 'id'], text: `camera id '${id}' is used twice` })
    seen.add(id)
  }
  const { mqtt } = config
  const below =
    (...at: Path) =>
    (key: string, text: string) =>
      faults.push({ path: [...at, key], text: `${[...at, key].join('.')}: ${text}` })
  const fault = below('mqtt')
  for (const { key, text } of certificateFaults(mqtt)) fault(key, text)
  for (const key of CUT) if (cutOff(yaml.comment(['mqtt', key]))) fault(key, QUOTES)
  const broker = brokerOf(mqtt, process.env, fault)
  const cameras = config.cameras.map((camera, i) => {
    const fault = below('cameras', i)
    for (const key of CUT) if (cutOff(yaml.comment(['cameras', i, key]))) fault(key, QUOTES)
    const { username, usernameFile, password, passwordFile, ...rest } = camera
    return { ...rest, source: sourceOf(camera, process.env, fault, folder) }
  })
  const bundles = bundlesOf(config, below('bundles'))
  const password = process.env.BLINDSIGHT_MQTT_PASSWORD || broker.password
  return { ...config, cameras, bundles, device: config.device ?? deviceId(), mqtt: { ...mqtt, ...broker, password } }
}

/** With the key itself, wherever it stood. */
function bundlesOf({ bundles }: Config, fault: (key: string, text: string) => void): Config['bundles'] {
  const { publicKey, overMqtt } = bundles
  if (overMqtt && publicKey === undefined)
    fault('overMqtt', 'true needs publicKey: whoever may write to the broker could otherwise exchange the networks')
  if (publicKey === undefined) return bundles
  try {
    return { overMqtt, publicKey: bundleKey(publicKey) }
  } catch (cause) {
    fault('publicKey', messageOf(cause))
    return bundles
  }
}

/** Where a # may be meant as a part of the text. */
const CUT = ['source', 'url', 'username', 'password']
const QUOTES = 'what follows a # behind a blank is a comment in YAML; put the value in quotes'

/** The rest of a password or address, and not what people write as a comment: whole addresses may stand there. */
const cutOff = (comment: string | undefined): boolean =>
  comment !== undefined && /^(?![ \t])|@/.test(comment.replaceAll(/[\w+.-]+:\/\/\S*/g, ''))

/** Two boxes from one disk image would share a host name, so the machine id comes first. */
function deviceId(): string {
  const machineId = existsSync('/etc/machine-id') ? readFileSync('/etc/machine-id', 'utf8').trim() : ''
  return `box-${createHash('sha256')
    .update(machineId || hostname())
    .digest('hex')
    .slice(0, 10)}`
}

function freeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (inner && typeof inner === 'object') freeze(inner)
  return Object.freeze(value)
}

/** YAML text -> frozen Config. Errors name the file, the line and what to write instead. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { withoutSecrets } from '../address.js'
import { AgentError, ExitCode, messageOf } from '../errors.js'
import { bundleKey } from './bundle-key.js'
import { certificateFaults } from './certificates.js'
import { type Fault, faultsOf } from './faults.js'
import { brokerOf, sourceOf } from './login.js'
import { folderOf, withPaths } from './paths.js'
import { Config } from './schema.js'
import { readText } from './text.js'
import { type Path, readYaml, type Yaml, YamlFault } from './yaml.js'

export type { Fault }
export type LoadedConfig = Readonly<Config & { device: string }>

/** Where in its file a key of a configuration stands. */
const sources = new WeakMap<object, { path: string; yaml: Yaml }>()

/** @throws {AgentError} code 'config', exit code 78 */
export function loadConfig(path: string): LoadedConfig {
  let text: string
  try {
    text = readText(path)
  } catch (cause) {
    throw configError([`${path}: ${messageOf(cause)}`])
  }
  return parseConfig(text, path)
}

/** @param folder what relative paths go by @throws {AgentError} code 'config', exit code 78 */
export function parseConfig(text: string, path: string, folder = folderOf(path)): LoadedConfig {
  let yaml: Yaml
  try {
    yaml = readYaml(text)
  } catch (cause) {
    if (!(cause instanceof YamlFault)) throw cause
    throw configError([`${path}:${cause.line}: ${cause.message}`])
  }
  const result = Config.safeParse(yaml.value, { reportInput: true })
  const at = (keys: Path, fault: string) => `${path}:${yaml.lineOf(keys)}: ${fault}`
  if (!result.success) throw configError(faultsOf(result.error.issues, Config, yaml).map((f) => at(f.path, f.text)))
  const config = freeze(checked(withPaths(result.data, folder), folder, yaml, at))
  sources.set(config, { path, yaml })
  return config
}

/** What turns out wrong with a configuration only where it is used, with file and line. */
export function wrongConfig(config: LoadedConfig, faults: readonly Fault[]): AgentError {
  const source = sources.get(config)
  return configError(
    faults.map(({ path, text }) => (source ? `${source.path}:${source.yaml.lineOf(path)}: ${text}` : text)),
  )
}

/** What a schema cannot say: relations between keys, and secrets from files and the environment. */
function checked(config: Config, folder: string, yaml: Yaml, at: (keys: Path, text: string) => string): LoadedConfig {
  const faults: string[] = []
  const seen = new Set<string>()
  for (const [i, camera] of config.cameras.entries()) {
    if (seen.has(camera.id)) faults.push(at(['cameras', i, 'id'], `camera id '${camera.id}' is used twice`))
    seen.add(camera.id)
  }
  const { mqtt } = config
  for (const { key, text } of certificateFaults(mqtt)) faults.push(at(['mqtt', key], `mqtt.${key}: ${text}`))
  const fault = (key: string, text: string) => faults.push(at(['mqtt', key], `mqtt.${key}: ${text}`))
  for (const key of CUT) if (cutOff(yaml.comment(['mqtt', key]))) fault(key, QUOTES)
  const broker = brokerOf(mqtt, process.env, fault)
  const cameras = config.cameras.map((camera, i) => {
    const fault = (key: string, text: string) => faults.push(at(['cameras', i, key], `cameras.${i}.${key}: ${text}`))
    for (const key of CUT) if (cutOff(yaml.comment(['cameras', i, key]))) fault(key, QUOTES)
    const { username, usernameFile, password, passwordFile, ...rest } = camera
    return { ...rest, source: sourceOf(camera, process.env, fault, folder) }
  })
  const bundles = bundlesOf(config, (key, text) => faults.push(at(['bundles', key], `bundles.${key}: ${text}`)))
  if (faults.length > 0) throw configError(faults)
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

/** A key's value may be an address that was meant for another. */
const configError = (faults: string[]) =>
  new AgentError('config', faults.map(withoutSecrets).join('\n'), ExitCode.config)

function freeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (inner && typeof inner === 'object') freeze(inner)
  return Object.freeze(value)
}

/** What the verbs of `bundle` need of a configuration, and no more: a camera whose password this shell has not is not their business. */
import { AgentError, ExitCode, messageOf } from '../errors.js'
import { bundleKey } from './bundle-key.js'
import { faultsOf } from './faults.js'
import { z } from './kinds.js'
import { folderOf, ownPaths } from './paths.js'
import { Config } from './schema.js'
import { readText } from './text.js'
import { readYaml, type Yaml, YamlFault } from './yaml.js'

const Settings = z.object(Config.pick({ bundle: true, bundles: true, stateDir: true, archive: true }).shape)

export interface BundleSettings {
  readonly stateDir: string
  readonly minFreeBytes: number
  /** 32 bytes in base64. */
  readonly publicKey: string | undefined
  /** The bundle that the configuration names, and where. */
  readonly named: { readonly bundle: string; readonly at: string } | undefined
}

/** @throws {AgentError} config */
export function bundleSettings(file: string): BundleSettings {
  const wrong = (text: string) => new AgentError('config', `${file}${text}`, ExitCode.config)
  let yaml: Yaml
  try {
    yaml = readYaml(readText(file))
  } catch (cause) {
    throw wrong(cause instanceof YamlFault ? `:${cause.line}: ${cause.message}` : `: ${messageOf(cause)}`)
  }
  const at = (path: readonly PropertyKey[]) => `:${yaml.lineOf(path)}`
  const { data, error } = Settings.safeParse(yaml.value, { reportInput: true })
  if (!data) {
    const lines = faultsOf(error.issues, Settings, yaml).map(({ path, text }) => `${at(path)}: ${text}`)
    throw wrong(lines.join(`\n${file}`))
  }
  const { stateDir, bundle, bundles } = ownPaths(data, folderOf(file))
  let publicKey: string | undefined
  try {
    publicKey = bundles.publicKey && bundleKey(bundles.publicKey)
  } catch (cause) {
    throw wrong(`${at(['bundles', 'publicKey'])}: bundles.publicKey: ${messageOf(cause)}`)
  }
  return {
    stateDir,
    minFreeBytes: data.archive.minFreeMegabytes * 1e6,
    publicKey,
    named: bundle === undefined ? undefined : { bundle, at: `${file}${at(['bundle'])}` },
  }
}

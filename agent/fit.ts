/**
 * What a configuration asks of this box and of its bundle, looked at before anything is started: `run` and `check-config`
 * find the same. What gets right by itself (a camera, a broker, a full disk) is not looked at here.
 */

import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, resolve } from 'node:path'
import { type Bundle, BundleError, headsOf, openBundle } from '../contract/bundle.js'
import { typed } from '../contract/command-line.js'
import { bundleDir } from './bundles.js'
import { type Fault, type LoadedConfig, wrongConfig } from './config/load.js'
import { watchFaults } from './fit-watch.js'
import { offeredProviders } from './infer/onnx.js'
import { unsigned } from './signed.js'
import { chosen } from './updates/choice.js'
import { storedBundles } from './updates/store.js'

/** @param name another bundle than the configuration's. @throws {AgentError} config: what to write instead @throws {BundleError} the bundle is there, and damaged */
export function fit(config: LoadedConfig, name = config.bundle): Bundle {
  const faults = [...stateDirFaults(config), ...providerFaults(config)]
  const bundle = bundleOf(config, name, faults)
  if (bundle) faults.push(...cameraFaults(config, bundle), ...signatureFaults(config, name, bundle))
  if (!bundle || faults.length > 0) throw wrongConfig(config, faults)
  return bundle
}

function bundleOf({ stateDir }: LoadedConfig, named: string | undefined, faults: Fault[]): Bundle | undefined {
  const dir = bundleDir(named ?? chosen(stateDir), stateDir)
  try {
    return openBundle(dir)
  } catch (error) {
    // A folder without a manifest is no bundle; one with a manifest that lacks something else is damaged.
    if (!(error instanceof BundleError && error.code === 'missing' && error.message.includes('manifest.json'))) {
      if (!(error instanceof BundleError) || faults.length === 0) throw error
      faults.push({ path: ['bundle'], text: `bundle: ${error.message}` })
      return undefined
    }
    const denied = (error.cause as NodeJS.ErrnoException).code === 'EACCES'
    const what = denied
      ? `${dir} cannot be read: permission denied; let the service's user read it`
      : `no bundle in ${dir}`
    const there = storedBundles(stateDir).map(({ id }) => id)
    const instead =
      named === undefined
        ? `which \`bundle use\` has chosen; there are ${there.join(', ')}: ${typed('bundle use ID')}`
        : `there are ${there.join(', ')}, or name a bundle's folder`
    faults.push({ path: ['bundle'], text: `bundle: ${what}; ${instead}` })
    return undefined
  }
}

function signatureFaults(config: LoadedConfig, named: string | undefined, { dir, manifest }: Bundle): Fault[] {
  const why = unsigned(dir, config)
  if (why === undefined) return []
  const path = named === undefined ? ['bundles', 'publicKey'] : ['bundle']
  return [{ path, text: `${path.join('.')}: bundle ${manifest.id} ${why}; add it again, signed` }]
}

function cameraFaults(config: LoadedConfig, bundle: Bundle): Fault[] {
  const { manifest, context } = bundle
  const { id, files, latent } = manifest
  return config.cameras.flatMap((camera, i) => {
    if (!camera.enabled) return []
    const faults: Fault[] = []
    const fault = (key: string, text: string) =>
      faults.push({ path: ['cameras', i, key], text: `cameras.${i}.${key}: camera ${camera.id}: ${text}` })
    if (camera.coding !== 'static' && !context)
      fault(
        'coding',
        `coding ${camera.coding} needs a context model, which bundle ${id} has not; set coding: static, or use a newer bundle`,
      )
    const { heads = [] } = camera
    for (const head of heads) {
      if (files[`${head}.onnx`]) continue
      const there = headsOf(manifest).join(', ')
      fault('heads', `bundle ${id} has no ${head}.onnx; leave heads out (it has ${there}), or use another bundle`)
    }
    for (const side of ['width', 'height'] as const) {
      const { multiple } = latent
      if (camera[side] % multiple === 0) continue
      const nearest = Math.max(multiple, Math.round(camera[side] / multiple) * multiple)
      fault(side, `bundle ${id} takes sides that are multiples of ${multiple}; nearest to ${camera[side]}: ${nearest}`)
    }
    for (const { path, text } of watchFaults(camera, bundle)) {
      const keys = ['cameras', i, ...path]
      faults.push({ path: keys, text: `${keys.join('.')}: camera ${camera.id}: ${text}` })
    }
    return faults
  })
}

function providerFaults({ providers }: LoadedConfig): Fault[] {
  const offered = offeredProviders()
  if (providers.some((provider) => offered.includes(provider))) return []
  const text = `providers: ${providers.join(', ')}: not offered by the ONNX Runtime installed here; it offers ${offered.join(', ')}: write providers: [${[...providers, ...offered].join(', ')}]`
  return [{ path: ['providers'], text }]
}

/** The nearest part of the path that is there must be a folder; whether it takes files is the archive's to find out. */
function stateDirFaults({ stateDir }: LoadedConfig): Fault[] {
  let dir = resolve(stateDir)
  while (!existsSync(dir) && dir !== dirname(dir)) dir = dirname(dir)
  if (!existsSync(dir) || statSync(dir).isDirectory()) return []
  const text = `stateDir: ${dir} is a file, not a folder; name a folder, such as /var/lib/blindsight`
  return [{ path: ['stateDir'], text }]
}

/** Ports that only some users may listen on; whatever else keeps one from being listened on may pass. */
const PRIVILEGED = 1024

/** Whether this user may listen where the configuration wants it. @throws {AgentError} config */
export async function fitPorts(config: LoadedConfig): Promise<void> {
  const { mqtt, http } = config
  const faults: Fault[] = []
  const look = async (key: string, port: number, instead: number) => {
    if (await isDenied(port)) faults.push(notAllowed(key, port, instead))
  }
  if (mqtt.url === undefined) await look('mqtt.embeddedPort', mqtt.embeddedPort, 1883)
  if (http) await look('http.port', http.port, 9100)
  if (faults.length > 0) throw wrongConfig(config, faults)
}

/** Only trying tells: it depends on user, capabilities and kernel settings. An agent that has the port already keeps it. */
const isDenied = async (port: number): Promise<boolean> =>
  port !== 0 && port < PRIVILEGED && (await portRefusal(port)) === 'EACCES'

/** The system's code for why nobody may listen there now, such as EACCES or EADDRINUSE; undefined: one may. */
export async function portRefusal(port: number): Promise<string | undefined> {
  const server = createServer()
  try {
    server.listen({ port, host: '127.0.0.1' })
    await once(server, 'listening')
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  } finally {
    server.close()
  }
}

/** Why the embedded broker cannot listen: of a port that is not allowed, what to write instead. */
export function noPort(config: LoadedConfig, cause: NodeJS.ErrnoException): Error {
  return cause.code === 'EACCES'
    ? wrongConfig(config, [notAllowed('mqtt.embeddedPort', config.mqtt.embeddedPort, 1883)])
    : cause
}

function notAllowed(key: string, port: number, instead: number): Fault {
  const text = `${key}: port ${port} is not allowed to this user; write one from ${PRIVILEGED}, such as ${instead}`
  return { path: key.split('.'), text }
}

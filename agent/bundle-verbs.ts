/** `bundle add`, `list`, `use` and `remove`: the networks of a box, without a new package. */

import { readLoose } from '../contract/bundle-file.js'
import { publicKeyOf, signatureFault, signerOf } from '../contract/bundle-signature.js'
import { typed } from '../contract/command-line.js'
import { type BundleSettings, bundleSettings } from './config/bundle-settings.js'
import { loadConfig } from './config/load.js'
import { AgentError, ExitCode, messageOf } from './errors.js'
import { fit } from './fit.js'
import { tryBundle } from './try-bundle.js'
import { choose, chosen, readChoice, writeChoice } from './updates/choice.js'
import {
  addBundle,
  type Damaged,
  damagedBundles,
  inWords,
  removeBundle,
  type Stored,
  storedBundles,
} from './updates/store.js'

export interface BundleOptions {
  readonly config: string
}

const input = (message: string) => new AgentError('input', message, ExitCode.input)
const RELOAD = 'sudo systemctl reload blindsight'

export interface Added {
  readonly id: string
  readonly sha256: string
  readonly was: 'added' | 'there'
  readonly signer: string | undefined
  readonly leftOut: readonly string[]
}

/** Checked, tried and kept. @throws {BundleError} @throws {AgentError} input */
export async function addFrom(
  path: string,
  { stateDir, minFreeBytes, publicKey }: Pick<BundleSettings, 'stateDir' | 'minFreeBytes' | 'publicKey'>,
): Promise<Added> {
  const loose = await readLoose(path)
  const { manifest, manifestBytes, sha256, signature, leftOut } = loose
  if (publicKey !== undefined) {
    const fault = signatureFault(manifestBytes, signature, publicKeyOf(publicKey))
    if (fault) throw input(`${path}: ${fault}`)
  }
  const was = await addBundle(loose, stateDir, minFreeBytes, (dir) =>
    tryBundle(dir).catch((cause) => {
      throw input(`${path}: bundle ${manifest.id} does not run here: ${messageOf(cause).replaceAll(`${dir}/`, '')}`)
    }),
  )
  return { id: manifest.id, sha256, was, signer: publicKey && signerOf(signature), leftOut }
}

export async function add(path: string, { config }: BundleOptions): Promise<void> {
  const settings = bundleSettings(config)
  const { id, sha256, was, signer, leftOut } = await addFrom(path, settings)
  for (const name of leftOut)
    console.error(`${path}: ${name} is left out: no box makes pictures; keep it where pictures are looked at`)
  const signed = signer ? `signed by key ${signer}` : 'its signature was not asked for (bundles.publicKey)'
  console.log(`${id} ${was === 'added' ? 'is added' : 'was there already'}: SHA-256 ${sha256.slice(0, 16)}…, ${signed}`)
  console.log(`It is used once you say so: ${process.env.SUDO_USER ? 'sudo ' : ''}${typed(`bundle use ${id}`, config)}`)
}

interface Row extends Pick<Stored, 'id' | 'from' | 'sha256' | 'bytes' | 'dir'> {
  readonly signed: string | null
  readonly in_use: boolean
  readonly before: boolean
}

export function list({ config, json }: BundleOptions & { json?: boolean }): void {
  const { stateDir, publicKey, named } = bundleSettings(config)
  const choice = readChoice(stateDir)
  const use = named?.bundle ?? chosen(stateDir)
  const rows = storedBundles(stateDir).map(
    ({ manifestBytes, signature, id, from, sha256, bytes, dir }): Row => ({
      ...{ id, from, sha256, bytes, dir },
      signed: signedBy(manifestBytes, signature, publicKey),
      in_use: id === use,
      before: named === undefined && id === choice.before,
    }),
  )
  const { trial, fell } = choice
  const damaged = damagedBundles(stateDir)
  if (json) {
    const told = {
      named_by: named?.at ?? null,
      proven: named !== undefined || trial === undefined,
      fell_back: fell ?? null,
    }
    const notes = damaged.map(({ id, why }) => ({ id, why }))
    console.log(JSON.stringify({ v: 1, in_use: use, ...told, bundles: rows, damaged: notes }))
    return
  }
  const table = [
    ['', 'id', 'from', 'SHA-256', 'MB', 'signed by'],
    ...rows.map(({ id, from, sha256, bytes, signed, in_use, before }) => [
      in_use ? 'in use' : before ? 'before' : damaged.some((one) => one.id === id) ? 'damaged' : '',
      ...[id, from, `${sha256.slice(0, 16)}…`, (bytes / 1e6).toFixed(1), signed ?? '-'],
    ]),
  ]
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)))
  for (const row of table)
    console.log(
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
  if (named) console.log(`${named.at} names ${named.bundle}`)
  else if (trial)
    console.log(`${use} has not shown a frame yet; if it does not start, ${choice.before} comes back by itself`)
  for (const one of damaged) console.log(`! ${inWordsOf(one)}`)
  if (fell && !named) console.log(`! ${fell.id} did not run (${fell.why}); ${fell.to} came back`)
}

const inWordsOf = ({ id, from, why }: Damaged) =>
  `bundle ${id} is damaged, and does not run: ${why}${from === 'added' ? `; ${typed('bundle add FILE')} puts it right` : ''}`

/** null: by nobody. */
function signedBy(manifest: Buffer, signature: Buffer | undefined, publicKey: string | undefined): string | null {
  const signer = signerOf(signature)
  if (!signer) return null
  if (publicKey === undefined) return `${signer}, not checked`
  return signatureFault(manifest, signature, publicKeyOf(publicKey)) ? `${signer}, not the key here` : signer
}

export function use(id: string | undefined, { config, back }: BundleOptions & { back?: boolean }): void {
  if ((id === undefined) === !back)
    throw new AgentError('input', 'bundle use: name a bundle, or --back for the one before', ExitCode.usage)
  const settings = bundleSettings(config)
  const { before } = readChoice(settings.stateDir)
  const wanted = id ?? before
  if (wanted === undefined)
    throw input(`bundle use --back: there is none before; ${typed('bundle list')} shows what is here`)
  useBundle(wanted, settings, config)
  const left = readChoice(settings.stateDir)
  const unless = left.trial ? `; if it does not start, ${left.before} comes back by itself` : ''
  console.log(`${wanted} is used from the next start on${unless}. At once: ${RELOAD}`)
}

/** Chosen for the next start, after a look at whether it may be and fits. @throws {AgentError} */
export function useBundle(id: string, { stateDir, publicKey, named }: BundleSettings, config: string): void {
  const stored = storedBundles(stateDir)
  const damaged = damagedBundles(stateDir).find((one) => one.id === id)
  if (damaged) throw input(inWordsOf(damaged))
  const found = stored.find((one) => one.id === id)
  if (!found)
    throw input(
      `no bundle ${id} here; there are ${stored.map((one) => one.id).join(', ')}: ${typed('bundle add FILE')}`,
    )
  if (named)
    throw new AgentError(
      'config',
      `${named.at}: bundle: ${named.bundle}: the configuration names the bundle; write bundle: ${id} there, or take the line out and use it again`,
      ExitCode.config,
    )
  if (publicKey !== undefined && found.from === 'added') {
    const fault = signatureFault(found.manifestBytes, found.signature, publicKeyOf(publicKey))
    if (fault) throw input(`bundle ${id} ${fault}`)
  }
  const misfit = misfitOf(id, config)
  if (misfit) throw misfit
  try {
    choose(stateDir, id)
  } catch (error) {
    throw inWords(error, stateDir)
  }
}

/** What of the configuration this bundle cannot do. One that cannot be read as a whole here says so, and the start will see. */
function misfitOf(id: string, config: string): unknown {
  let loaded: ReturnType<typeof loadConfig>
  try {
    loaded = loadConfig(config)
  } catch (error) {
    console.error(`not held against the cameras: ${messageOf(error)}`)
    return undefined
  }
  try {
    fit(loaded, id)
    return undefined
  } catch (error) {
    return error
  }
}

export function remove(id: string, { config }: BundleOptions): void {
  const { stateDir, named } = bundleSettings(config)
  const found = [...storedBundles(stateDir), ...damagedBundles(stateDir)].find((one) => one.id === id)
  if (found?.from === 'package') throw input(`bundle ${id} comes with the package and stays`)
  if (!found) throw input(`no bundle ${id} was added here; ${typed('bundle list')} shows what is here`)
  if (named && (named.bundle === id || named.bundle === found.dir))
    throw input(`bundle ${id} is named by ${named.at}; change that line first`)
  const choice = readChoice(stateDir)
  if (!named && choice.use === id)
    throw input(`bundle ${id} is in use; use another one first: ${typed('bundle use ID')}`)
  if (choice.trial && choice.before === id)
    throw input(`bundle ${id} is what comes back if ${choice.use} does not start; wait until that has shown a frame`)
  removeBundle(id, stateDir)
  forget(stateDir, id)
  console.log(`${id} is removed; streams that it has coded decode where its folder is kept (docs/how-to/bundles.md)`)
}

/** Of the choice, where it was its latest or the one before. */
function forget(stateDir: string, id: string): void {
  const { use, before, trial, fell } = readChoice(stateDir)
  if (use === id) writeChoice(stateDir, {})
  else if (before === id || fell?.id === id)
    writeChoice(stateDir, {
      ...(use && { use }),
      ...(before && before !== id && { before }),
      ...(trial && { trial }),
      ...(fell && fell.id !== id && { fell }),
    })
}

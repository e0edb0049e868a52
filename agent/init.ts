/** `init`: a first configuration, from questions at a terminal or from defaults (`--yes`), then `doctor`. */

import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { quoted, typed, USUAL_CONFIG } from '../contract/command-line.js'
import { idPattern } from '../contract/names.js'
import { shownSource } from './address.js'
import { examineText, parseConfig } from './config/load.js'
import { readText } from './config/text.js'
import { AgentError, ExitCode, messageOf } from './errors.js'
import type { Box } from './init/box.js'
import { askBroker } from './init/broker.js'
import { askCameras, type Source, sourceOf, usualCamera } from './init/cameras.js'
import { askDevice } from './init/device.js'
import type { BrokerDraft, CameraDraft, Draft } from './init/draft.js'
import { writeFiles } from './init/files.js'
import { takenOver } from './init/from.js'
import { askLimits } from './init/limits.js'
import { nameFrom } from './init/names.js'
import { askOut, unwritable } from './init/out.js'
import type { Asker } from './init/prompt.js'
import { readBroker, readSource } from './init/source.js'
import { reread, textOf, tried } from './init/text.js'
import { ThisBox } from './this-box.js'
import { usable } from './usable.js'

export interface InitOptions {
  readonly yes?: boolean
  readonly camera: readonly string[]
  readonly broker?: string
  readonly device?: string
  readonly stateDir?: string
  readonly out?: string
  /** Instead of anything that is asked or named. */
  readonly from?: string
  readonly force?: boolean
  readonly doctor: boolean
}

/** What the command line names. */
export interface Given {
  readonly out: string
  readonly force: boolean
  readonly device?: string | undefined
  readonly stateDir?: string | undefined
  readonly cameras: readonly Source[]
  readonly broker?: BrokerDraft | undefined
}

export interface Made {
  readonly out: string
  readonly draft: Draft
}

/** NAME=SOURCE; a = in an address, a pipeline or a path is none of this. */
const NAMED = /^([^=:@/]*)=(.+)$/

/** As shells say that Ctrl-C ended it. */
const CANCELLED = 130

export async function init(options: InitOptions): Promise<void> {
  const out = options.from === undefined ? await ask(options) : await takeOver(options.from, options)
  if (out === undefined) return
  console.log(`\nwritten: ${out}`)
  if (options.doctor) await (await import('./doctor.js')).doctor({ config: out })
  console.log(`\nnext: ${next(out)}`)
}

async function ask(options: InitOptions): Promise<string | undefined> {
  const given = read(options)
  const box = new ThisBox(given.stateDir)
  const made = options.yes ? await byDefaults(box, given) : await atTerminal(box, given)
  if (made) await write(made)
  return made?.out
}

/** @returns where it is now @throws {AgentError} and has written nothing */
export async function takeOver(from: string, options: InitOptions): Promise<string> {
  const { camera, broker, device, stateDir, force = false } = options
  if (camera.length > 0 || broker !== undefined || device !== undefined || stateDir !== undefined)
    throw usage(
      'from',
      'a configuration that is there already; --camera, --broker, --device and --state-dir make another',
    )
  const out = outOf(options)
  refuse(out, force)
  const { text, files, said } = takenOver(await textOfConfig(from), from, out)
  const config = tried((folder) => ({ files, read: () => parseConfig(text, from, folder) }))
  await usable({ config })
  writeFiles([...files, { file: out, text }], serviceGroup())
  for (const line of said) console.log(line)
  return out
}

/** One that is right. @throws {AgentError} config */
async function textOfConfig(file: string): Promise<string> {
  let text: string
  try {
    text = readText(file)
  } catch (cause) {
    throw new AgentError('config', `${file}: ${messageOf(cause)}`, ExitCode.config, { cause })
  }
  await usable(examineText(text, file))
  return text
}

const wrongName = (name: string) =>
  `${JSON.stringify(name)}: a camera's name has 1 to 64 of a-z 0-9 _ -, like ${nameFrom(name, [], 'gate')}=rtsp://host/path`
const usage = (flag: string, wrong: string) => new AgentError('input', `--${flag}: ${wrong}`, ExitCode.usage)
const isRoot = () => process.getuid?.() === 0
const outOf = ({ out }: InitOptions) => resolve(out ?? (isRoot() ? USUAL_CONFIG : 'blindsight.yaml'))

function read(options: InitOptions): Given {
  const cameras = options.camera.map((text): Source => {
    const named = existsSync(text) ? null : NAMED.exec(text)
    if (named && !idPattern.test(named[1]!)) throw usage('camera', wrongName(named[1]!))
    const typed = readSource(named?.[2] ?? text)
    if (typeof typed === 'string') throw usage('camera', `${shownSource(text)}: ${typed}`)
    return { ...typed, ...(named && { called: named[1]! }) }
  })
  const broker = options.broker === undefined ? undefined : readBroker(options.broker)
  if (typeof broker === 'string') throw usage('broker', broker)
  return {
    out: outOf(options),
    force: options.force ?? false,
    device: options.device,
    stateDir: stateDirOf(options),
    cameras,
    broker,
  }
}

function stateDirOf({ stateDir }: InitOptions): string | undefined {
  if (stateDir !== undefined) return resolve(stateDir)
  return isRoot() ? undefined : join(homedir(), '.local', 'state', 'blindsight')
}

async function atTerminal(box: Box, given: Given): Promise<Made | undefined> {
  const { isTTY } = process.stdout
  // A dumb one cannot put a question anew where it stood.
  if (!process.stdin.isTTY || !isTTY || process.env.TERM === 'dumb')
    throw new AgentError(
      'input',
      `init asks questions, and this is no terminal${isTTY ? ' that can show them (TERM=dumb)' : ''}; --yes takes defaults: ${typed('init --yes --camera rtsp://host/path')}`,
      ExitCode.usage,
    )
  const { Cancelled, Terminal } = await import('./init/prompt.js')
  try {
    return await interview(new Terminal(), box, given)
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error
    console.error('stopped; nothing was written')
    process.exitCode = CANCELLED
    return undefined
  }
}

/** Every question, in its order. */
export async function interview(ask: Asker, box: Box, given: Given): Promise<Made> {
  const out = await askOut(ask, given.out, given.force)
  const device = await askDevice(ask, given.device)
  const base: Draft = { device, stateDir: given.stateDir, cameras: [] }
  const cameras = await askCameras(ask, box, base, given.cameras)
  const broker = await askBroker(ask, box, { ...base, cameras }, given.broker)
  const archive = await askLimits(ask, box, cameras)
  return { out, draft: { ...base, cameras, broker, archive } }
}

/** @throws {AgentError} where nothing can be put, or something would be written over */
function refuse(out: string, force: boolean): void {
  const why = unwritable(out) ?? (existsSync(out) && !force ? `${out} is there already` : undefined)
  if (!why) return
  const instead = '--out names another file, --force keeps the old one as .bak'
  throw new AgentError('input', `${why}; ${instead}`, ExitCode.input)
}

/** @throws {AgentError} where there is no camera, or something that would be written over */
export async function byDefaults(box: Box, given: Given): Promise<Made> {
  const { out, device, stateDir, broker } = given
  refuse(out, given.force)
  const devices = given.cameras.length > 0 ? [] : await box.devices()
  const found = [...given.cameras, ...devices.map((device) => ({ source: sourceOf(device), called: device.name }))]
  if (found.length === 0)
    throw new AgentError(
      'input',
      'no camera: this box has no video device that gives pictures. Plug one in, or name one: --camera rtsp://host/path, --camera /dev/video0, --camera FILE',
      ExitCode.usage,
    )
  const cameras: CameraDraft[] = []
  for (const source of found) {
    const looked = await box.probe(source)
    if (!looked.ok) console.error(`${shownSource(source.source)}: ${looked.reason}; written as it is`)
    cameras.push(usualCamera(box, source, cameras, looked))
  }
  return { out, draft: { device, stateDir, cameras, broker } }
}

/** Nothing, if the agent would not take it. @throws {AgentError} */
export async function write({ out, draft }: Made): Promise<void> {
  await usable({ config: reread(draft, out) })
  const { text, secrets } = textOf(draft, out, dirname(out))
  writeFiles([...secrets, { file: out, text }], serviceGroup())
}

/** Of the service's user, if it is installed. */
function serviceGroup(groups = '/etc/group'): number | undefined {
  const line = existsSync(groups) && /^blindsight:[^:]*:(\d+):/m.exec(readFileSync(groups, 'utf8'))
  return line ? Number(line[1]) : undefined
}

function next(out: string): string {
  const installed = ['/etc', '/lib', '/usr/lib'].some((dir) => existsSync(`${dir}/systemd/system/blindsight.service`))
  return installed && out === USUAL_CONFIG
    ? 'sudo systemctl restart blindsight'
    : `${typed('run', out)}${installed ? `; as a service: sudo blindsight init --from ${quoted(out)}` : ''}`
}

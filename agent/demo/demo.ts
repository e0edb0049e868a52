/** `demo`: the whole agent on the clip that comes with the project, and what it does in one line a second. */

import { existsSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { headsOf } from '../../contract/bundle.js'
import { quoted, typed } from '../../contract/command-line.js'
import { packageRoot } from '../../contract/package-root.js'
import { shownSource } from '../address.js'
import { Agent } from '../agent.js'
import { ArchiveError, openDatabase } from '../archive/database.js'
import type { Camera } from '../capture/camera.js'
import { faultOf, isLocal, pathOf } from '../capture/source.js'
import { parseConfig } from '../config/load.js'
import { FRAME_MULTIPLE } from '../config/schema.js'
import { AgentError, ExitCode } from '../errors.js'
import { Listener } from '../http/listener.js'
import { routes } from '../http/routes.js'
import { createLog, silentLog } from '../log.js'
import { Notifier } from '../notify.js'
import type { Committed } from '../pipeline.js'
import { scratchDir, scratchFolder } from '../scratch.js'
import { stopSignal } from '../signals.js'
import { socketPaths } from '../sockets.js'
import { stageNames } from '../stages.js'
import { Meter } from './meter.js'
import { Seen } from './seen.js'

export interface DemoOptions {
  source?: string
  seconds: number
  frames?: number
  json?: boolean
  size: string
  broker?: string
  bundle: string
  stateDir?: string
  threads: number
  view?: boolean
}

/** Shows what a broker brings, on this machine, until it is stopped. The agent itself shows nothing. */
export type ShowBroker = (brokerUrl: string, device: string) => Promise<{ stop(): Promise<void> }>

export const demoClip = () => join(packageRoot(), 'config', 'demo', 'street.mp4')
const CAMERA = 'street'
const DEVICE = 'demo'
/** How long the demo waits at its end for the broker to acknowledge everything. */
const DRAIN_MS = 10_000
/** Capture attempts before the demo gives up; a service never does. */
const PATIENCE_MS = 4_000

export async function demo(options: DemoOptions, showBroker?: ShowBroker): Promise<void> {
  const temporary = options.frames && !options.stateDir ? scratchFolder('blindsight-') : undefined
  const stateDir = options.stateDir ?? temporary ?? join(kept(), `blindsight-demo-${userInfo().username}`)
  if (stateDir !== options.stateDir && stateDir !== temporary) checkKept(stateDir)
  try {
    await show(options, stateDir, options.view ? showBroker : undefined)
  } catch (error) {
    throw asOption(error)
  } finally {
    if (temporary) rmSync(temporary, { recursive: true, force: true })
  }
}

/** Where there is no file, what is wrong with a configuration is wrong with the command line. */
function asOption(error: unknown): unknown {
  if (!(error instanceof AgentError) || error.code !== 'config') return error
  return new AgentError('config', error.message.replaceAll(/^demo options:\d+: /gm, ''), ExitCode.usage)
}

/** The archive is kept for the next demo, so it may be a running one's, or that of another checkout. @throws {AgentError} */
function checkKept(stateDir: string): void {
  const elsewhere = 'let this one have an archive of its own: --state-dir DIR'
  const wrong = (text: string) => new AgentError('archive', `${text}, or ${elsewhere}`, ExitCode.input)
  try {
    const { db, lock } = openDatabase(stateDir)
    db.close()
    lock.close()
  } catch (error) {
    // What else there may be the agent lives with.
    const fault = error instanceof ArchiveError && error.fault
    if (fault === 'taken') throw wrong(`another demo runs, with its archive in ${stateDir}; stop it`)
    if (fault === 'newer')
      throw wrong(
        `a demo of a newer blindsight has left its archive in ${stateDir}; remove that (rm -r ${quoted(stateDir)})`,
      )
  }
}

/** Where a demo's archive stays for the next one. */
function kept(): string {
  const dir = scratchDir() ?? tmpdir()
  if (dir !== tmpdir()) console.error(`blindsight: ${tmpdir()} takes no files; the demo's archive is under ${dir}`)
  return dir
}

async function show(options: DemoOptions, stateDir: string, showBroker?: ShowBroker): Promise<void> {
  const config = configOf(options, stateDir)
  const meter = new Meter()
  const seen = new Seen()
  let concluded = false
  let end: () => void = () => {}
  let fail: (error: Error) => void = () => {}
  const finished = new Promise<void>((resolve, reject) => {
    end = resolve
    fail = reject
  })
  finished.catch(() => {}) // reported where it is awaited
  let patience: NodeJS.Timeout | undefined
  const watch = ({ state, config: { source } }: Camera) => {
    clearTimeout(patience)
    if (state.state === 'online' || state.reason === 'the agent stopped' || meter.frames > 0) return
    const error = new AgentError(
      'input',
      `${shownSource(source)}: no video comes (${state.reason}); check the path or address`,
      ExitCode.input,
    )
    patience = setTimeout(() => fail(error), PATIENCE_MS)
  }
  const committed = (result: Committed) => {
    meter.add(result)
    if (concluded) return // a frame that was under way
    const lines = seen.add(result.record.events)
    if (!options.json) for (const line of lines) console.log(line)
    if (meter.frames === options.frames) end()
  }
  const log = options.json ? silentLog : createLog('warn')
  const agent = new Agent(
    config,
    log,
    new Notifier({}),
    { committed, cameraState: watch, failed: fail, finished: end },
    undefined,
    options.frames,
  )
  void stopSignal().then(end)
  const facts = () => ({ ...agent.facts(), config: 'none: options of demo', pid: process.pid })
  const socket = new Listener(
    socketPaths(stateDir, undefined).map((path) => ({ path })),
    routes(facts),
    log,
  )

  let page: Awaited<ReturnType<ShowBroker>> | undefined
  let ticker: NodeJS.Timeout | undefined
  let timer: NodeJS.Timeout | undefined
  try {
    if (!options.json) console.log('opening the networks …')
    const started = agent.start()
    void socket.start() // the state directory is there now
    await Promise.race([started, finished])
    if (!options.frames && options.seconds > 0) timer = setTimeout(end, options.seconds * 1000)
    if (!options.json) {
      introduce(agent, options, stateDir)
      page = await showBroker?.(options.broker ?? agent.brokerUrl, DEVICE)
      ticker = setInterval(() => console.log(meter.line(agent, seen.goingOn())), 1000)
    }
    await finished
    clearInterval(ticker)
    await acknowledged(agent)
    concluded = true
    const summary = meter.summary(agent)
    console.log(options.json ? JSON.stringify({ ...summary, events: seen.list() }) : conclude(summary, seen, stateDir))
    const { lastError } = agent.presence
    const waiting = agent.unpublished
    if (waiting > 0 || summary.dead_letters > 0)
      throw new AgentError(
        'broker',
        `${waiting} frames were not taken by the broker, ${summary.dead_letters} cannot be (${lastError || 'it did not acknowledge them'}); they are in the archive`,
        ExitCode.broker,
      )
  } finally {
    clearInterval(ticker)
    clearTimeout(timer)
    clearTimeout(patience)
    await page?.stop()
    await agent.stop()
    await socket.stop()
  }
}

function configOf(options: DemoOptions, stateDir: string) {
  const [width, height] = /^(\d+)x(\d+)$/.exec(options.size)?.slice(1).map(Number) ?? []
  if (!width || !height || width % FRAME_MULTIPLE || height % FRAME_MULTIPLE)
    throw new AgentError(
      'input',
      `--size ${options.size}: expected two multiples of ${FRAME_MULTIPLE}, for example 448x256`,
      ExitCode.usage,
    )
  const source = options.source ?? demoClip()
  const text = JSON.stringify({
    device: DEVICE,
    bundle: options.bundle,
    stateDir,
    threads: options.threads,
    healthSeconds: 10,
    cameras: [
      {
        id: CAMERA,
        source,
        width,
        height,
        fps: 12.5,
        pace: options.frames ? 'fast' : 'realtime',
      },
    ],
    mqtt: options.broker ? { url: options.broker } : {},
    archive: { maxMegabytes: 200, minFreeMegabytes: 50 },
  })
  const config = parseConfig(text, 'demo options')
  // Said before the networks are opened; only an address has to be tried.
  if (isLocal(source) && !existsSync(pathOf(source)))
    throw new AgentError('input', `${shownSource(source)}: ${faultOf(pathOf(source))}`, ExitCode.input)
  return config
}

async function acknowledged(agent: Agent): Promise<void> {
  const deadline = performance.now() + DRAIN_MS
  while (agent.unpublished > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20))
}

function introduce(agent: Agent, options: DemoOptions, stateDir: string): void {
  const port = new URL(agent.brokerUrl).port || '1883'
  const provider = agent.providers.encoder
  // Who comes and who goes; of a bundle that does not say that, what each frame shows.
  const [topic, flag] = headsOf(agent.bundle.manifest).includes('analyse') ? ['evt', ' --events'] : ['cls', '']
  console.log(
    `blindsight demo: ${shownSource(options.source ?? 'a street clip (CC BY 4.0, Intel IoT DevKit)')} · ${options.size} · ${agent.bundle.manifest.id} on ${provider}`,
  )
  console.log(
    `archive ${stateDir} · broker ${agent.brokerUrl}${options.broker ? '' : port === '1883' ? ' (inside, this machine only)' : ' (inside, this machine only; port 1883 is taken: name this one with -p or --broker)'}`,
  )
  console.log(
    `in another terminal: mosquitto_sub -p ${port} -t 'blindsight/v1/demo/cam/+/${topic}'   or   ${typed(`subscribe${flag} --broker ${agent.brokerUrl}`)}`,
  )
  console.log(`how it is: ${typed(`status --state-dir ${quoted(stateDir)}`)}`)
  console.log(
    options.frames
      ? ''
      : options.seconds > 0
        ? `stops after ${options.seconds} s (--seconds 0: never), or with Ctrl-C\n`
        : 'stops with Ctrl-C\n',
  )
}

function conclude(summary: ReturnType<Meter['summary']>, seen: Seen, stateDir: string): string {
  const ms = stageNames
    .flatMap((name) => (summary.ms[name] === undefined ? [] : [`${name} ${summary.ms[name]}`]))
    .join(' · ')
  return [
    '',
    ...whatWasSeen(seen),
    `${summary.frames} frames · ${summary.fps} frames/s · ${summary.bpp_mean} bpp · ${summary.archived} archived · ${summary.acked} of ${summary.published} acknowledged by the broker`,
    `median ms: ${ms} · peak memory ${summary.peak_rss_mb} MB`,
    `the archive is kept in ${stateDir}; nothing in it is a picture. To fetch and decode from it, run the demo again (--seconds 0): docs/get-started.md, step 5.`,
  ].join('\n')
}

function whatWasSeen(seen: Seen): string[] {
  const lines = seen.lines()
  return lines.length > 0
    ? ['what was there:', ...lines, '']
    : ['nothing came and nothing went that is watched for', '']
}

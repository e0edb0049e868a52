/** `demo`: the whole agent on the clip that comes with the project, and what it does in one line a second. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent } from '../agent.js'
import { packageRoot } from '../bundles.js'
import type { Camera } from '../capture/camera.js'
import { kindOf } from '../capture/ffmpeg.js'
import { parseConfig } from '../config/load.js'
import { AgentError, ExitCode } from '../errors.js'
import { createLog, silentLog } from '../log.js'
import { Notifier } from '../notify.js'
import type { Committed } from '../pipeline.js'
import { stageNames } from '../stages.js'
import { Meter } from './meter.js'

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
}

export const demoClip = () => join(packageRoot(), 'config', 'demo', 'street.mp4')
const CAMERA = 'street'
/** How long the demo waits at its end for the broker to acknowledge everything. */
const DRAIN_MS = 10_000
/** Capture attempts before the demo gives up; a service never does. */
const PATIENCE_MS = 8_000

export async function demo(options: DemoOptions): Promise<void> {
  const temporary = options.frames && !options.stateDir ? mkdtempSync(join(tmpdir(), 'blindsight-')) : undefined
  const stateDir = options.stateDir ?? temporary ?? join(tmpdir(), 'blindsight-demo')
  try {
    await show(options, stateDir)
  } finally {
    if (temporary) rmSync(temporary, { recursive: true, force: true })
  }
}

async function show(options: DemoOptions, stateDir: string): Promise<void> {
  const config = configOf(options, stateDir)
  const meter = new Meter()
  const finished = new Promise<void>((resolve, reject) => {
    const done = (result: Committed) => {
      meter.add(result)
      if (options.frames && meter.frames >= options.frames) resolve()
    }
    const patience = new Map<string, NodeJS.Timeout>()
    const watch = (camera: Camera) => {
      clearTimeout(patience.get(camera.config.id))
      if (camera.state.state === 'online' || camera.state.reason.startsWith('the ')) return
      const { reason } = camera.state
      patience.set(
        camera.config.id,
        setTimeout(() => reject(new AgentError('input', `${camera.config.source}: no video comes (${reason}); check the path or address`, ExitCode.input)), PATIENCE_MS),
      )
    }
    agent = new Agent(config, options.json || !process.stderr.isTTY ? silentLog : createLog('warn'), new Notifier({}), { committed: done, cameraState: watch, failed: reject, finished: () => resolve() }, undefined, options.frames)
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve())
    if (!options.frames && options.seconds > 0) setTimeout(resolve, options.seconds * 1000).unref()
  })
  finished.catch(() => {}) // reported where it is awaited
  const running = agent!
  let ticker: NodeJS.Timeout | undefined
  try {
    if (!options.json) console.log('opening the networks …')
    await Promise.race([running.start(), finished])
    if (!options.json) {
      introduce(running, options, stateDir)
      ticker = setInterval(() => console.log(meter.line(running)), 1000)
    }
    await finished
    clearInterval(ticker)
    await acknowledged(running)
    const summary = meter.summary(running)
    console.log(options.json ? JSON.stringify(summary) : conclude(summary, stateDir))
  } finally {
    clearInterval(ticker)
    await running.stop()
  }
}

let agent: Agent | undefined

function configOf(options: DemoOptions, stateDir: string) {
  const [width, height] = /^(\d+)x(\d+)$/.exec(options.size)?.slice(1).map(Number) ?? []
  if (!width || !height) throw new AgentError('input', `--size ${options.size}: expected for example 448x256`, ExitCode.usage)
  const source = options.source ?? demoClip()
  const text = JSON.stringify({
    device: 'demo',
    bundle: options.bundle,
    stateDir,
    threads: options.threads,
    healthSeconds: 10,
    cameras: [{ id: CAMERA, source, width, height, fps: 12.5, pace: options.frames && kindOf(source) === 'file' ? 'fast' : 'realtime' }],
    mqtt: options.broker ? { url: options.broker } : {},
    archive: { maxMegabytes: 200, minFreeMegabytes: 50 },
  })
  return parseConfig(text, 'demo options')
}

async function acknowledged(running: Agent): Promise<void> {
  const deadline = performance.now() + DRAIN_MS
  while (running.unpublished > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20))
}

function introduce(running: Agent, options: DemoOptions, stateDir: string): void {
  const port = new URL(running.brokerUrl).port || '1883'
  const provider = running.providers.encoder
  console.log(`blindsight demo: ${options.source ?? 'a street clip (CC BY 4.0, Intel IoT DevKit)'} · ${options.size} · ${running.bundle.manifest.id} on ${provider}`)
  console.log(`archive ${stateDir} · broker ${running.brokerUrl}${options.broker ? '' : ' (inside, this machine only)'}`)
  console.log(`in another terminal: mosquitto_sub -p ${port} -t 'blindsight/v1/demo/cam/+/cls'   or   npx blindsight subscribe --broker ${running.brokerUrl}`)
  console.log(options.frames ? '' : options.seconds > 0 ? `stops after ${options.seconds} s (--seconds 0: never), or with Ctrl-C\n` : 'stops with Ctrl-C\n')
}

function conclude(summary: ReturnType<Meter['summary']>, stateDir: string): string {
  const ms = stageNames.flatMap((name) => (summary.ms[name] === undefined ? [] : [`${name} ${summary.ms[name]}`])).join(' · ')
  return [
    '',
    `${summary.frames} frames · ${summary.fps} frames/s · ${summary.bpp_mean} bpp · ${summary.archived} archived · ${summary.acked} of ${summary.published} acknowledged by the broker`,
    `median ms: ${ms} · peak memory ${summary.peak_rss_mb} MB`,
    `the archive is kept in ${stateDir}; nothing in it is a picture. To fetch and decode while the demo runs: see the README.`,
  ].join('\n')
}

/**
 * Resident memory of the whole box by its number of cameras: `blindsight run` as a process of its own, as the service starts it, with its embedded broker,
 * cameras at 5 frames/s, everything at its default. They are live, as a box's are, and show a looped clip over HTTP: of a file ffmpeg decodes several frames
 * at once on threads of their own, which takes 6 MB more. 25 s after its start it has found its level, or nearly: what V8 then leaves lying is
 * collected once a minute.
 *
 * The agent counts with all that it has resident, though it shares Node's own pages with whoever else runs Node. Each ffmpeg counts with what is its own; the
 * pages of program and libraries, which all of them share, count once. (Pss would say so too, but less of it where somebody else's ffmpeg runs.)
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { statOf } from '../../agent/capture/stat.js'
import { socketPaths } from '../../agent/sockets.js'
import { median } from '../../agent/stages.js'
import { ask } from '../../agent/status/ask.js'
import { packageRoot } from '../../contract/package-root.js'

const COUNTS = [1, 2, 4]
const FPS = 5
const SECONDS = 25
/** The last ones of them: once a second. */
const SAMPLES = 8

export interface MemoryOptions {
  readonly bundle: string
  readonly threads: number
  readonly clip: string
}

/** Megabytes (10^6 bytes): medians of the last seconds, and the most at any of them. */
export interface MemoryOfCameras {
  readonly cameras: number
  readonly agent_mb: number
  readonly ffmpeg_mb: number
  readonly all_mb: number
  readonly most_mb: number
  readonly frames: number
}

export interface MemoryBench {
  readonly seconds: number
  readonly by_cameras: readonly MemoryOfCameras[]
  /** Mean, from one camera to the most. */
  readonly each_further_mb: { readonly agent: number; readonly ffmpeg: number; readonly all: number }
}

interface Resident {
  readonly agent: number
  readonly ffmpeg: number
}

export async function benchMemory(options: MemoryOptions): Promise<MemoryBench> {
  const by_cameras: MemoryOfCameras[] = []
  const stream = await live(options.clip)
  try {
    const source = `http://127.0.0.1:${(stream.address() as AddressInfo).port}/live`
    for (const cameras of COUNTS) by_cameras.push(await memoryOf(cameras, source, options))
  } finally {
    stream.closeAllConnections()
    stream.close()
  }
  const [first, last] = [by_cameras[0]!, by_cameras.at(-1)!]
  const further = (key: 'agent_mb' | 'ffmpeg_mb' | 'all_mb') =>
    Number(((last[key] - first[key]) / (last.cameras - first.cameras)).toFixed(1))
  return {
    seconds: SECONDS,
    by_cameras,
    each_further_mb: { agent: further('agent_mb'), ffmpeg: further('ffmpeg_mb'), all: further('all_mb') },
  }
}

/** Whoever asks gets the clip at its own pace, again and again. */
async function live(clip: string): Promise<Server> {
  const args = [
    '-v',
    'error',
    '-nostdin',
    '-re',
    '-stream_loop',
    '-1',
    '-i',
    clip,
    '-an',
    '-c',
    'copy',
    '-f',
    'mpegts',
    '-',
  ]
  const server = createServer((_, response) => {
    const sender = spawn('ffmpeg', args, { stdio: ['ignore', 'pipe', 'ignore'] })
    sender.stdout.pipe(response.writeHead(200, { 'content-type': 'video/mp2t' }))
    response.on('close', () => sender.kill('SIGKILL'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function memoryOf(cameras: number, source: string, { bundle, threads }: MemoryOptions): Promise<MemoryOfCameras> {
  const stateDir = mkdtempSync(join(tmpdir(), 'blindsight-bench-'))
  const config = join(stateDir, 'config.json')
  const watched = Array.from({ length: cameras }, (_, i) => ({ id: `cam-${i + 1}`, source, fps: FPS }))
  const settings = {
    device: 'bench',
    bundle,
    stateDir,
    threads,
    cameras: watched,
    logLevel: 'error',
    mqtt: { embeddedPort: 0 },
  }
  writeFileSync(config, JSON.stringify(settings))
  const program = join(packageRoot(), 'dist/cli/main.js')
  const box = spawn(process.execPath, [program, 'run', '--config', config], {
    env: { ...process.env, ...unitEnvironment() },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  // Whoever stops the bench stops the box.
  const kill = () => void box.kill('SIGKILL')
  const stopped = () => process.exit(130)
  process.once('exit', kill).once('SIGTERM', stopped).once('SIGINT', stopped)
  try {
    const samples: Resident[] = []
    for (let second = 1; second <= SECONDS; second++) {
      await wait(1000)
      if (second > SECONDS - SAMPLES) samples.push(residentOf(box.pid!))
    }
    const frames = await framesOf(stateDir, cameras)
    const all = samples.map(({ agent, ffmpeg }) => agent + ffmpeg)
    const mb = (bytes: number) => Number((bytes / 1e6).toFixed(1))
    return {
      cameras,
      agent_mb: mb(median(samples.map(({ agent }) => agent))),
      ffmpeg_mb: mb(median(samples.map(({ ffmpeg }) => ffmpeg))),
      all_mb: mb(median(all)),
      most_mb: mb(Math.max(...all)),
      frames,
    }
  } finally {
    await end(box)
    process.off('exit', kill).off('SIGTERM', stopped).off('SIGINT', stopped)
    rmSync(stateDir, { recursive: true, force: true })
  }
}

/** What the service gives its process: the allocator reads some of it. */
function unitEnvironment(): Record<string, string> {
  const unit = readFileSync(join(packageRoot(), 'systemd/blindsight.service'), 'utf8')
  return Object.fromEntries([...unit.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]))
}

/** Frames that were archived or about to be. @throws where not every camera delivers: then the figures would say nothing */
async function framesOf(stateDir: string, cameras: number): Promise<number> {
  const places = socketPaths(stateDir, undefined).map((socketPath) => ({ socketPath }))
  const answer = await ask(places, stateDir)
  if (!('facts' in answer)) throw new Error(`the box does not answer: ${answer.reason}`)
  const { why, health } = answer.facts
  const online = health?.cams.filter(({ state }) => state === 'online') ?? []
  if (online.length < cameras) throw new Error(`not all cameras deliver frames after ${SECONDS} s: ${why}`)
  return online.reduce((sum, { frames_encoded }) => sum + frames_encoded, 0)
}

/** Bytes. @throws where there is no such process */
function residentOf(pid: number): Resident {
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && statOf(Number(name))[1] === String(pid))
  const captures = children.flatMap((child) => {
    try {
      return [pagesOf(Number(child))]
    } catch {
      return [] // it has just ended
    }
  })
  const own = captures.reduce((sum, { anonymous }) => sum + anonymous, 0)
  const { anonymous, files } = pagesOf(pid)
  return { agent: anonymous + files, ffmpeg: own + Math.max(0, ...captures.map((capture) => capture.files)) }
}

/** proc(5), /proc/pid/status */
function pagesOf(pid: number): { anonymous: number; files: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const bytes = (name: string) => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0)
  return { anonymous: bytes('RssAnon'), files: bytes('RssFile') + bytes('RssShmem') }
}

/** An agent that is told to end does so within 20 s. */
const END_MS = 30_000

async function end(box: ChildProcess): Promise<void> {
  if (box.exitCode !== null || box.signalCode !== null) return
  const gone = new Promise((resolve) => box.once('exit', resolve))
  box.kill('SIGTERM')
  const timer = setTimeout(() => box.kill('SIGKILL'), END_MS)
  await gone
  clearTimeout(timer)
}

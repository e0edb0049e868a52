/**
 * Some cameras on one box, as long as it is asked: the whole agent in this process with an embedded broker, ffmpeg beside it, looped clips at
 * 5 frames/s, everything at its default. What came in, what was looked at, what was lost, what it cost, how long from capture to PUBACK.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Agent } from '../../agent/agent.js'
import { parseConfig } from '../../agent/config/load.js'
import { demoClip } from '../../agent/demo/demo.js'
import { silentLog } from '../../agent/log.js'
import { Notifier } from '../../agent/notify.js'

const FPS = 5
/** The networks are open and every camera has sent so many: from here on it counts. */
const WARM_FRAMES = 10
const ACK_MS = 10_000

export interface CamerasOptions {
  readonly bundle: string
  readonly threads: number
  readonly seconds: number
  readonly cameras: number
  /** Of their frames; without it the default. */
  readonly coding?: 'max'
  /** A folder of clips, taken in turn; without it the demo's. */
  readonly clips?: string | undefined
}

export interface CamerasBench {
  readonly cameras: number
  readonly fps: number
  readonly seconds: number
  readonly clips: readonly string[]
  readonly frames_in: number
  readonly frames_archived: number
  readonly frames_dropped: number
  /** Of the archived ones, within ten seconds of the end. */
  readonly frames_acknowledged: number
  /** Shares of the archived frames. */
  readonly looked_at: number
  readonly unchanged: number
  readonly between_looks: number
  readonly short_of_time: number
  /** Processor time for an hour of one camera: ffmpeg's, and that of all else. */
  readonly cpu_s_per_camera_hour: { readonly capture: number; readonly agent: number }
  /** Cores that were busy, of those that there are. */
  readonly cores: number
  readonly capture_to_puback_ms: { readonly p50: number; readonly p99: number; readonly most: number }
  /** Most, since the process began. */
  readonly peak_rss_mb: number
}

export async function benchCameras(options: CamerasOptions): Promise<CamerasBench> {
  const { bundle, threads, seconds, cameras: count, coding, clips } = options
  const stateDir = mkdtempSync(join(tmpdir(), 'blindsight-bench-'))
  const files = clips
    ? readdirSync(clips)
        .filter((name) => name.endsWith('.mp4'))
        .map((name) => join(clips, name))
    : [demoClip()]
  if (files.length === 0) throw new Error(`--clips ${clips}: no .mp4 in it`)
  const cameras = Array.from({ length: count }, (_, i) => ({
    id: `cam-${i + 1}`,
    source: files[i % files.length]!,
    fps: FPS,
    ...(coding && { coding }),
  }))
  const text = JSON.stringify({ device: 'bench', bundle, stateDir, threads, cameras, mqtt: { embeddedPort: 0 } })
  const taken = new Map<string, bigint>()
  const latency: number[] = []
  let counting = false
  const held = { same: 0, rest: 0, pressed: 0, no: 0 }
  const agent = new Agent(parseConfig(text, 'bench'), silentLog, new Notifier({}), {
    committed({ cam, seq, record, held: why }) {
      if (!counting) return
      held[why ?? 'no']++
      taken.set(`${cam}/${seq}`, BigInt(record.common.mono_ns))
    },
    acked(cam, seq) {
      const since = taken.get(`${cam}/${seq}`)
      if (since !== undefined) latency.push(Number(process.hrtime.bigint() - since) / 1e6)
      taken.delete(`${cam}/${seq}`)
    },
  })
  try {
    await agent.start()
    while (agent.cameras.some(({ framesIn }) => framesIn < WARM_FRAMES)) await wait(100)
    const before = counts(agent)
    counting = true
    await wait(seconds * 1000)
    counting = false
    const now = counts(agent)
    // The slowest count, too.
    for (const deadline = performance.now() + ACK_MS; taken.size > 0 && performance.now() < deadline; ) await wait(20)
    const rss = process.resourceUsage().maxRSS * 1024
    const sum = (key: keyof typeof now) => now[key] - before[key]
    const perHour = (ms: number) => Math.round((ms / seconds / count) * 3.6)
    const archived = held.same + held.rest + held.pressed + held.no
    const share = (count: number) => Number((count / Math.max(1, archived)).toFixed(3))
    latency.sort((a, b) => a - b)
    const at = (part: number) =>
      Math.round(latency[Math.min(latency.length - 1, Math.floor(latency.length * part))] ?? Number.NaN)
    return {
      cameras: count,
      fps: FPS,
      seconds,
      clips: [...new Set(cameras.map(({ source }) => source.split('/').at(-1)!))],
      frames_in: sum('framesIn'),
      frames_archived: archived,
      frames_dropped: sum('dropped'),
      frames_acknowledged: latency.length,
      looked_at: share(held.no),
      unchanged: share(held.same),
      between_looks: share(held.rest),
      short_of_time: share(held.pressed),
      cpu_s_per_camera_hour: { capture: perHour(sum('captureMs')), agent: perHour(sum('agentMs')) },
      cores: Number(((sum('captureMs') + sum('agentMs')) / seconds / 1000).toFixed(2)),
      capture_to_puback_ms: { p50: at(0.5), p99: at(0.99), most: at(1) },
      peak_rss_mb: Math.round(rss / 1e6),
    }
  } finally {
    await agent.stop()
    rmSync(stateDir, { recursive: true, force: true })
  }
}

function counts({ cameras }: Agent) {
  const { user, system } = process.cpuUsage()
  const sum = (of: (camera: (typeof cameras)[number]) => number) => cameras.reduce((all, camera) => all + of(camera), 0)
  return {
    framesIn: sum(({ framesIn }) => framesIn),
    dropped: sum(({ dropped }) => dropped),
    captureMs: sum((camera) => camera.captureCpuMs() ?? Number.NaN),
    agentMs: (user + system) / 1000,
  }
}

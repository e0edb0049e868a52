/**
 * What a frame costs the agent, beside what it cannot do without and beside the usual alternative, in one run on the same
 * frames and threads:
 *   (a) the agent's own path: inference thread (encoder), looking thread (the bundle's heads), coding thread, container, one SQLite transaction
 *   (b) ResNet-50 on RGB at the same size in ONNX Runtime
 *   (c) the bare ONNX Runtime time of the sessions of (a), and of the same in float where those are in int8
 * In (a) the heads look at every frame; beside it the whole clip at 5 frames/s, where they look only where something changes, as they do by default.
 * Rounds alternate, so that a noisy neighbour hits all of them; figures are medians over rounds of the mean per frame. Beside each the processor time of
 * the whole process: what else runs on the machine changes it least.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Archive } from '../../agent/archive/archive.js'
import { bundleDir } from '../../agent/bundles.js'
import type { CapturedFrame } from '../../agent/capture/camera.js'
import { Camera } from '../../agent/config/schema.js'
import { Engine } from '../../agent/infer/engine.js'
import { Networks, type Precision } from '../../agent/infer/networks.js'
import { Graph } from '../../agent/infer/onnx.js'
import { Pipeline } from '../../agent/pipeline.js'
import { median } from '../../agent/stages.js'
import { Watching } from '../../agent/watching.js'
import { headsOf, openBundle } from '../../contract/bundle.js'
import { packageRoot } from '../../contract/package-root.js'
import { clipFrames } from './frames.js'

const WIDTH = 448
const HEIGHT = 256
const FRAMES = 20
const ROUNDS = 7
const GATED_FPS = 5
/** The clip's length. */
const GATED_FRAMES = 145
const size = { width: WIDTH, height: HEIGHT }

export interface AgentBench {
  readonly threads: number
  readonly agent_threads: Engine['threads']
  readonly frame: string
  readonly bundle: string
  readonly heads: readonly string[]
  readonly a_agent_ms: number
  readonly b_resnet50_ms: number
  readonly c_bare_sessions_ms: number
  readonly precision: string
  readonly c_float_ms: number
  readonly c_float_over_b: number
  readonly a_over_b: number
  readonly a_over_c: number
  readonly a_cpu_ms: number
  readonly b_cpu_ms: number
  readonly c_cpu_ms: number
  readonly gated_cpu_ms: number
  readonly a_over_c_cpu: number
  readonly c_over_b: number
  readonly gated_ms: number
  readonly gated_over_b: number
  readonly gated_looked_at: number
}

/** For a frame. */
interface Spent {
  readonly ms: number
  readonly cpuMs: number
}

/** @param threads of (b) and (c). @param agentThreads as in the configuration */
export async function benchAgent(
  bundleName: string,
  threads: number,
  agentThreads: number,
  precision: Precision,
): Promise<AgentBench> {
  const dir = mkdtempSync(join(tmpdir(), 'blindsight-bench-'))
  const bundle = openBundle(bundleDir(bundleName))
  const frames = await clipFrames(WIDTH, HEIGHT, FRAMES)
  const options = { providers: ['cpu'] as const, threads, note: () => {} }
  const heads = headsOf(bundle.manifest)
  const networks = await Networks.open(bundle, new Set(heads), [size], { ...options, precision })
  const float = await Networks.open(bundle, new Set(heads), [size], { ...options, precision: 'float' })
  const resnet = await Graph.open(join(packageRoot(), 'test/bench/resnet50.onnx'), options, [])
  const engine = await Engine.start(
    { bundle, providers: ['cpu'], threads: agentThreads, precision, heads, sizes: [size] },
    dir,
    () => {},
    console.error,
  )
  const archive = Archive.open(dir)
  const camera = (more: object) => Camera.parse({ id: 'bench', source: 'clip', ...size, pace: 'fast', ...more })
  // The heads look at every frame, as the sessions of (c) do.
  const every = camera({ analyse: { gate: 'off' } })
  let runs = 0

  /** The frames' buffers go through the pipeline and come back, as a camera's do. @returns how many of them the heads looked at */
  const agent = async (cam: Camera, frames: Uint8Array<ArrayBuffer>[]) => {
    const boot = (++runs).toString(16).padStart(16, '0')
    let looked = 0
    const waiting = frames.splice(0).map(
      (rgb, i): CapturedFrame => ({
        rgb,
        captureMs: 0,
        timeUs: 1e15,
        bootMs: (i * 1000) / GATED_FPS,
        monoNs: process.hrtime.bigint(),
        clk: 'ok',
        readyMs: performance.now(),
        cam,
      }),
    )
    const count = waiting.length
    const watching = new Watching({ dev: 'bench', boot, bundle, cameras: [cam], now() {} })
    const recycle = (buffer: ArrayBuffer) => frames.push(new Uint8Array(buffer))
    await new Promise<void>((resolve, reject) => {
      const pipeline = new Pipeline(
        {
          cameras: [{ config: cam, slot: { take: () => waiting.shift() }, dropped: 0, recycle }],
          infer: (frame, wish) => engine.infer(frame, { ...frame.cam, heads }, wish),
          watching,
          timed: (stamp) => stamp,
          commit: (frame) => (archive.commit(frame) ? 'stored' : 'lost'),
          committed: ({ seq, held }) => {
            if (!held) looked++
            if (seq === count - 1) resolve()
          },
          failed: (_, error) => reject(error),
        },
        {
          dev: 'bench',
          boot,
          bundle,
          providers: { encoder: 'cpu' },
          publishBitstreams: true,
          maxFrames: count,
        },
      )
      pipeline.wake()
    })
    return looked
  }
  const bare = async (networks: Networks) => {
    for (const rgb of frames) {
      const symbols = await networks.encode(rgb, size)
      for (const head of heads) await networks[head](symbols, size)
    }
  }
  const picture = new Float32Array(3 * WIDTH * HEIGHT).map((_, i) => frames[0]![i]! / 255)
  const rgbNetwork = async () => {
    for (let i = 0; i < FRAMES; i++) await resnet.run({ data: picture, dims: [1, 3, HEIGHT, WIDTH] })
  }

  const times = { a: [] as Spent[], b: [] as Spent[], c: [] as Spent[], float: [] as Spent[], gated: [] as Spent[] }
  const time = async (into: Spent[], work: () => Promise<unknown>, count = FRAMES) => {
    const [started, before] = [performance.now(), process.cpuUsage()]
    await work()
    const { user, system } = process.cpuUsage(before)
    into.push({ ms: (performance.now() - started) / count, cpuMs: (user + system) / 1000 / count })
  }
  const whole = await clipFrames(WIDTH, HEIGHT, GATED_FRAMES, GATED_FPS)
  let looked = 0
  await agent(every, frames) // warm
  for (let round = 0; round < ROUNDS; round++) {
    await time(times.a, () => agent(every, frames))
    await time(times.c, () => bare(networks))
    await time(times.float, () => bare(float))
    await time(times.b, rgbNetwork)
    const gated = camera({ id: `gated-${round}` })
    await time(
      times.gated,
      async () => {
        looked = await agent(gated, whole)
      },
      whole.length,
    )
  }
  archive.close()
  await engine.stop()
  await networks.release()
  await float.release()
  await resnet.release()
  rmSync(dir, { recursive: true, force: true })
  const ms = (spent: readonly Spent[]) => median(spent.map((one) => one.ms))
  const cpuMs = (spent: readonly Spent[]) => median(spent.map((one) => one.cpuMs))
  const [a, b, c, cFloat, gated] = [ms(times.a), ms(times.b), ms(times.c), ms(times.float), ms(times.gated)]
  const round = (x: number) => Number(x.toFixed(3))
  return {
    threads,
    agent_threads: engine.threads,
    frame: `${WIDTH}x${HEIGHT}`,
    bundle: bundle.manifest.id,
    heads,
    a_agent_ms: round(a),
    b_resnet50_ms: round(b),
    c_bare_sessions_ms: round(c),
    precision: networks.precision,
    c_float_ms: round(cFloat),
    c_float_over_b: round(cFloat / b),
    a_over_b: round(a / b),
    a_over_c: round(a / c),
    a_cpu_ms: round(cpuMs(times.a)),
    b_cpu_ms: round(cpuMs(times.b)),
    c_cpu_ms: round(cpuMs(times.c)),
    gated_cpu_ms: round(cpuMs(times.gated)),
    a_over_c_cpu: round(cpuMs(times.a) / cpuMs(times.c)),
    c_over_b: round(c / b),
    gated_ms: round(gated),
    gated_over_b: round(gated / b),
    gated_looked_at: round(looked / whole.length),
  }
}

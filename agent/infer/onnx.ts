/**
 * The only file of the agent that knows onnxruntime-node. Opens a graph with the first execution provider that works,
 * and finds out from ONNX Runtime's profile which provider really ran its nodes.
 */

import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import * as ort from 'onnxruntime-node'
import type { Provider } from '../config/schema.js'
import { scratchFolder } from '../scratch.js'

// From 1.29 on ONNX Runtime tells its maker, from every Linux machine, of each model that is opened and how fast it runs, and keeps a number of the
// machine in the home folder. It reads this once, when the first session is opened, and of the process: the main thread loads this file before it
// starts the one for inference, whose process.env is a copy that the native side does not see.
process.env.ORT_DISABLE_TELEMETRY = '1'

export type Tensor = { readonly data: Uint8Array | Float32Array; readonly dims: readonly number[] }

const names: Record<Provider, string> = {
  tensorrt: 'TensorrtExecutionProvider',
  cuda: 'CUDAExecutionProvider',
  cpu: 'CPUExecutionProvider',
}

export interface GraphOptions {
  readonly providers: readonly Provider[]
  /** CPU threads; 0 is one per core. */
  readonly threads: number
  /** A folder for passing files, if the temporary one takes none. */
  readonly writable?: string
  /** Told of every provider that was tried in vain, and of slow steps. */
  readonly note: (text: string) => void
  /** Told which of the warm-up runs begins. */
  readonly running?: (index: number) => void
}

/**
 * Providers that can run here. The binding lists every provider it was built for, also where the provider's library is not
 * installed, and trying one in vain prints alarming lines on stderr; so the library is looked for first.
 */
export const offeredProviders = (): Provider[] =>
  (['tensorrt', 'cuda', 'cpu'] as const).filter(
    (p) => ort.listSupportedBackends().some((b) => b.name === p) && (p === 'cpu' || hasLibrary(p)),
  )

function hasLibrary(provider: Provider): boolean {
  const bin = join(dirname(createRequire(import.meta.url).resolve('onnxruntime-node')), '..', 'bin')
  const found = readdirSync(bin, { recursive: true, encoding: 'utf8' })
  const here = join(process.platform, process.arch)
  return found.some((file) => file.includes(here) && basename(file) === `libonnxruntime_providers_${provider}.so`)
}

/**
 * TensorRT takes its options from the environment of the process, and a worker thread's process.env is a copy that the
 * native side does not see: call this on the main thread before any session is opened.
 */
export function prepareTensorRt(cacheDir: string): void {
  process.env.ORT_TENSORRT_FP16_ENABLE ||= '1'
  process.env.ORT_TENSORRT_ENGINE_CACHE_ENABLE ||= '1'
  process.env.ORT_TENSORRT_CACHE_PATH ||= cacheDir
  process.env.ORT_TENSORRT_TIMING_CACHE_ENABLE ||= '1'
}

/** Folders of profiles that are being written; of a thread that ends meanwhile nobody else removes them. */
const profiles = new Set<string>()
process.once('exit', () => {
  for (const dir of profiles) rmSync(dir, { recursive: true, force: true })
})

export class Graph {
  private constructor(
    private readonly session: ort.InferenceSession,
    readonly path: string,
    /** The provider that ran most of the graph's nodes in the first run. */
    readonly provider: Provider,
  ) {}

  /**
   * Opens the graph and runs `warmUp` once per input, so that engines are built and kernels chosen before the first frame.
   * @param cpuPath of another form of it, for the CPU
   * @throws the last provider's error when none works
   */
  static async open(path: string, options: GraphOptions, warmUp: readonly Tensor[], cpuPath = path): Promise<Graph> {
    const offered = offeredProviders()
    let failure: unknown = new Error(
      `none of ${options.providers.join(', ')} is offered by this ONNX Runtime (${offered.join(', ')})`,
    )
    for (const provider of options.providers) {
      if (!offered.includes(provider)) {
        options.note(`${provider}: not offered by the ONNX Runtime installed here`)
        continue
      }
      if (provider === 'tensorrt')
        options.note(`${path}: TensorRT builds its engine now; minutes the first time, seconds later`)
      try {
        return await Graph.openWith(provider === 'cpu' ? cpuPath : path, provider, options, warmUp)
      } catch (error) {
        failure = error
        options.note(`${provider}: ${error instanceof Error ? error.message : error}`)
      }
    }
    throw failure
  }

  private static async openWith(
    path: string,
    provider: Provider,
    options: GraphOptions,
    warmUp: readonly Tensor[],
  ): Promise<Graph> {
    // Where no folder takes it, the provider that was asked for is named.
    const profileDir = scratchFolder('blindsight-profile-', options.writable ? [options.writable] : [])
    if (profileDir) profiles.add(profileDir)
    try {
      const session = await ort.InferenceSession.create(path, {
        executionProviders: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
        intraOpNumThreads: options.threads,
        interOpNumThreads: 1,
        graphOptimizationLevel: 'all',
        // Each session has threads of its own, and after a run they spin for a while: with two sessions or more, those of the
        // one that has finished take the cores from the one that runs. Measured on two cores: 28 ms a frame against 13.
        extra: { session: { intra_op: { allow_spinning: '0' } } },
        ...(profileDir && { enableProfiling: true, profileFilePrefix: join(profileDir, 'run') }),
        logSeverityLevel: 3,
      })
      const graph = new Graph(session, path, provider)
      for (const [i, input] of warmUp.entries()) {
        options.running?.(i)
        await graph.run(input)
      }
      if (!profileDir) return graph
      session.endProfiling()
      return new Graph(session, path, ranMostly(profileDir) ?? provider)
    } finally {
      if (profileDir) {
        rmSync(profileDir, { recursive: true, force: true })
        profiles.delete(profileDir)
      }
    }
  }

  get inputs(): readonly string[] {
    return this.session.inputNames
  }

  get outputs(): readonly string[] {
    return this.session.outputNames
  }

  /** One input, all outputs in the graph's order. Blocks this thread while it runs. */
  async run(input: Tensor): Promise<Tensor[]> {
    const type = input.data instanceof Uint8Array ? 'uint8' : 'float32'
    const feed = new ort.Tensor(type, input.data as never, input.dims as number[])
    const results = await this.session.run({ [this.session.inputNames[0]!]: feed })
    return this.session.outputNames.map((name) => {
      const tensor = results[name]!
      return { data: tensor.data as Uint8Array | Float32Array, dims: tensor.dims }
    })
  }

  async release(): Promise<void> {
    await this.session.release()
  }
}

function ranMostly(profileDir: string): Provider | undefined {
  const file = readdirFirst(profileDir)
  if (!file) return undefined
  const counts = new Map<string, number>()
  for (const event of eventsIn(file)) {
    const name = event.args?.provider
    if (name) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  const [most] = [...counts].sort((a, b) => b[1] - a[1])
  return most && (Object.keys(names) as Provider[]).find((p) => names[p] === most[0])
}

/** Of a profile that the disk may have had no room for. */
function eventsIn(file: string): { args?: { provider?: string } }[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return []
  }
}

function readdirFirst(dir: string): string | undefined {
  const [name] = readdirSync(dir)
  return name && join(dir, name)
}

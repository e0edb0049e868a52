/** Which networks a configuration wants opened, and where an execution provider keeps what it compiles of them. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Bundle } from '../contract/bundle.js'
import type { LoadedConfig } from './config/load.js'
import { headsOn } from './heads.js'
import type { WorkerSetup } from './infer/messages.js'
import { giveToOwner } from './owner.js'

/** Engines and timings of TensorRT. */
export const enginesDir = (stateDir: string): string => join(stateDir, 'engines')

/** All that the cameras which are not switched off need, each graph and size once. */
export function workerSetup(config: LoadedConfig, bundle: Bundle): WorkerSetup {
  const { providers, threads, precision, cameras, stateDir } = config
  const enabled = cameras.filter((camera) => camera.enabled)
  return {
    bundle,
    providers,
    threads,
    precision,
    heads: [...new Set(enabled.flatMap((camera) => headsOn(camera, bundle)))],
    sizes: [...new Map(enabled.map(({ width, height }) => [`${width}x${height}`, { width, height }])).values()],
    framesPerSecond: enabled.reduce(
      (sum, { pace, fps }) => sum + (pace === 'fast' ? Number.POSITIVE_INFINITY : fps),
      0,
    ),
    writable: stateDir,
  }
}

/** @param providers that really ran, by graph */
export const ranOn = (providers: Readonly<Record<string, string>>): string =>
  Object.entries(providers)
    .map(([graph, provider]) => `${graph} ran on ${provider}`)
    .join(', ')

/** Whatever root has built there belongs to the owner of the state directory, who could replace none of it otherwise. */
export function giveEngines(stateDir: string): void {
  const dir = enginesDir(stateDir)
  if (!existsSync(dir)) return
  giveToOwner(dir)
  for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) giveToOwner(join(dir, name), dir)
}

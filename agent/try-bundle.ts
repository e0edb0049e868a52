/** Whether a bundle's networks run here: its graphs are opened as the agent opens them, and one frame goes through. */
import { availableParallelism } from 'node:os'
import { type Bundle, headsOf, openBundle } from '../contract/bundle.js'
import { int8Of } from './infer/bytes.js'
import { Engine } from './infer/engine.js'
import type { Precision } from './infer/networks.js'

/** The size that cameras have unless told otherwise, or the next that the networks take. */
const SIZE = { width: 448, height: 256 }

/** On the processor, which every box has, in each form that it may run: an engine for its GPU is built at the start. @throws {AgentError} input, engine @throws {BundleError} */
export async function tryBundle(dir: string): Promise<void> {
  const bundle = openBundle(dir)
  await tryIn('auto', bundle)
  if (int8Of(bundle)) await tryIn('float', bundle)
}

async function tryIn(precision: Precision, bundle: Bundle): Promise<void> {
  const { dir } = bundle
  const heads = headsOf(bundle.manifest)
  const size = sizeFor(bundle)
  const nothing = () => {}
  const setup = {
    bundle,
    providers: ['cpu'] as const,
    threads: availableParallelism(),
    precision,
    heads,
    sizes: [size],
    writable: dir,
  }
  const engine = await Engine.start(setup, dir, nothing, nothing)
  try {
    const shot = { rgb: new Uint8Array(size.width * size.height * 3).fill(128), bootMs: 0 }
    const coding = bundle.context ? 'fast' : 'static'
    const analyse = { gate: 'off', refreshSeconds: 1, restSeconds: 0 } as const
    const camera = { ...size, id: 'trial', heads, coding, analyse } as const
    await engine.infer(shot, camera, { key: true, pressed: false, look: true })
  } finally {
    await engine.stop()
  }
}

function sizeFor({ manifest }: Bundle): typeof SIZE {
  const { multiple } = manifest.latent
  const up = (side: number) => Math.ceil(side / multiple) * multiple
  return { width: up(SIZE.width), height: up(SIZE.height) }
}

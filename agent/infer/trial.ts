/** How many threads the encoder or the heads are given here, by trying. */
import type { WorkerSetup } from './messages.js'
import { type FrameSize, Networks } from './networks.js'
import { offeredProviders } from './onnx.js'
import { enoughMs, fewestThreads, leastMs, type Threads } from './threads.js'

/** Larger frames are not tried, which would take seconds and much memory: they cost in proportion. */
const SIZE = { width: 448, height: 256 }

/**
 * Some tenths of a second. undefined: there is nothing to choose, as the configuration says it, or something else than the CPU runs them, or there is nothing to run.
 * @param alsoEnough beside what the cameras' frames need
 */
export async function tryThreads(
  setup: WorkerSetup,
  only: 'encoder' | 'heads',
  alsoEnough: (ms: number, threads: number) => boolean = () => false,
): Promise<Threads | undefined> {
  const { bundle, threads, providers, sizes, heads, framesPerSecond = Number.POSITIVE_INFINITY } = setup
  const first = providers.find((provider) => offeredProviders().includes(provider))
  if (threads > 0 || first !== 'cpu' || sizes.length === 0 || (only === 'heads' && heads.length === 0)) return undefined
  const area = ({ width, height }: FrameSize) => width * height
  const largest = sizes.reduce((a, b) => (area(b) > area(a) ? b : a))
  const size = area(largest) > area(SIZE) ? SIZE : largest
  const enough = enoughMs(framesPerSecond)
  const measure = async (threads: number) => {
    const options = { ...setup, threads, only, note: () => {} }
    const networks = await Networks.open(bundle, new Set(heads), [], options)
    try {
      const run = () => once(networks, setup, only, size)
      await run()
      return (await leastMs(run)) * (area(largest) / area(size))
    } finally {
      await networks.release()
    }
  }
  try {
    return await fewestThreads((ms, threads) => ms <= enough || alsoEnough(ms, threads), measure)
  } catch {
    return undefined // whoever opens it next says why it does not run
  }
}

async function once(
  networks: Networks,
  { bundle: { manifest }, heads }: WorkerSetup,
  only: 'encoder' | 'heads',
  size: FrameSize,
): Promise<void> {
  const { channels, stride } = manifest.latent
  const pixels = size.width * size.height
  if (only === 'encoder') await networks.encode(new Uint8Array(3 * pixels), size)
  else {
    const symbols = new Uint8Array((channels * pixels) / stride ** 2)
    for (const head of heads) await networks[head](symbols, size)
  }
}

/**
 * How many threads run a network where the configuration does not say: the fewest that are fast enough, as a frame costs a tenth more processor time on two
 * threads than on one. Measured at the start; where the box is busy then, the answer may be another, and keeps up all the same.
 */
import { availableParallelism } from 'node:os'

export interface Threads {
  readonly count: number
  readonly ms: number
  /** All that was tried, in words. */
  readonly tried: string
}

const ROUNDS = 7
/** Slow networks run less often: nobody waits longer for a start than it is worth. */
const ROUNDS_MS = 150
/** Where none is fast enough: the fewest threads that take no more than so many times the least. More of them only cost processor time. */
const NEARLY = 1.05
/** Of the time between two frames a network may take this share: the rest is for what else the box does, and for frames that come together. */
const SHARE = 0.5
/** An answer may not come later for it, however seldom frames come. */
const MOST_MS = 50

/** What a network may take for a frame, of so many that come in a second. */
export const enoughMs = (framesPerSecond: number): number => Math.min(MOST_MS, (SHARE * 1000) / framesPerSecond)

/**
 * Tries more and more threads until they are enough, or no faster than fewer.
 * @param measure milliseconds for a frame
 */
export async function fewestThreads(
  enough: (ms: number, threads: number) => boolean,
  measure: (threads: number) => Promise<number>,
  most = availableParallelism(),
): Promise<Threads> {
  const tried: { readonly count: number; readonly ms: number }[] = []
  const least = () => Math.min(...tried.map(({ ms }) => ms))
  for (const count of halvings(most).reverse()) {
    const ms = await measure(count)
    const slower = ms > NEARLY * least()
    tried.push({ count, ms })
    if (enough(ms, count) || slower) break
  }
  const { count, ms } =
    tried.find(({ count, ms }) => enough(ms, count)) ?? tried.find(({ ms }) => ms <= NEARLY * least())!
  return { count, ms, tried: tried.map(({ count, ms }) => `${ms.toFixed(1)} ms with ${count}`).join(', ') }
}

/** Milliseconds, the least of some runs. */
export async function leastMs(run: () => Promise<unknown>): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  const began = performance.now()
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now()
    await run()
    const ended = performance.now()
    least = Math.min(least, ended - started)
    if (ended - began > ROUNDS_MS) break
  }
  return least
}

/**
 * Whether heads that take so long on a share of the cores keep up with the encoder, which has the next frame meanwhile and the rest of the cores: no longer
 * than both keep all cores busy, `ms <= encodeMs + share * ms`.
 */
export const keepUp = (ms: number, share: number, encodeMs: number): boolean => ms * (1 - share) <= encodeMs

/** 12 -> 12, 6, 3, 1 */
export function halvings(cores: number): number[] {
  return cores <= 1 ? [1] : [cores, ...halvings(Math.floor(cores / 2))]
}

export const threadsText = (count: number): string => (count === 1 ? '1 thread' : `${count} threads`)

/**
 * How many threads run the networks where the configuration does not say: the fewest that are fast enough for the cameras, as a frame costs a tenth more
 * processor time on two threads than on one. Else those that are fastest, which need not be one per core: not on cores of two kinds, on two threads to a core,
 * or where a container may use only some of them.
 */
import { availableParallelism, cpus } from 'node:os'
import { Graph, type GraphOptions, offeredProviders, type Tensor } from './onnx.js'

export interface Threads {
  readonly count: number
  /** In words, for the log. */
  readonly why: string
  /** Where it was measured. */
  readonly ms?: number
}

const ROUNDS = 7
/** The fewest threads that take no more than so many times the least: more of them only cost processor time. */
const NEARLY = 1.05
/** Of the time between two frames the encoder may take this share: the rest is for what else the box does, and for frames that come together. */
const ENOUGH = 0.5
/** Where other programs keep a larger share of the processor busy, what runs fastest now says little of later. */
const BUSY = 0.25

/**
 * Runs the graph at each number of threads in turn, some tenths of a second in all.
 * @param enoughMs nobody needs it faster
 * @param cores to choose from; others than there are for tests
 */
export async function chooseThreads(
  path: string,
  input: Tensor,
  options: Omit<GraphOptions, 'threads' | 'running'>,
  enoughMs: number,
  cores = availableParallelism(),
): Promise<Threads> {
  const first = options.providers.find((provider) => offeredProviders().includes(provider))
  const onePerCore = { count: cores, why: 'one per core' }
  if (cores === 1 || first !== 'cpu') return onePerCore
  const counts = halvings(cores)
  const graphs: Graph[] = []
  try {
    for (const threads of counts) graphs.push(await Graph.open(path, { ...options, threads }, [input]))
    const since = processorTimes()
    const best = graphs.map(() => Number.POSITIVE_INFINITY)
    for (let round = 0; round < ROUNDS; round++)
      for (const [i, graph] of graphs.entries()) best[i] = Math.min(best[i]!, await timed(() => graph.run(input)))
    return choice(counts, best, enoughMs, othersSince(since))
  } catch {
    return onePerCore // whoever opens it next says why it does not run
  } finally {
    for (const graph of graphs) await graph.release()
  }
}

/** @param counts from one per core down. @param ms the least for each. @param others share of the processor that other programs had */
export function choice(counts: readonly number[], ms: readonly number[], enoughMs: number, others: number): Threads {
  const cores = counts[0]!
  if (others > BUSY)
    return { count: cores, why: `one per core: not measured, other programs use ${percent(others)} of the processor` }
  const enough = Math.max(enoughMs, NEARLY * Math.min(...ms))
  const count = counts.findLast((_, i) => ms[i]! <= enough)!
  const tried = counts.map((count, i) => `${ms[i]!.toFixed(1)} ms with ${count}`)
  return { count, why: tried.join(', '), ms: ms[counts.indexOf(count)]! }
}

/** The least of some runs. */
export async function leastMs(run: () => Promise<unknown>): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) least = Math.min(least, await timed(run))
  return least
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await run()
  return performance.now() - started
}

/**
 * Whether heads that take so long on a share of the cores keep up with the encoder, which has the next frame meanwhile and the rest of the cores: no longer
 * than both keep all cores busy, `ms <= encodeMs + share * ms`.
 */
export const keepUp = (ms: number, share: number, encodeMs: number): boolean => ms * (1 - share) <= encodeMs

/** What a network may take for a frame, of so many that come in a second. */
export const enoughMsFor = (framesPerSecond: number): number => (ENOUGH * 1000) / framesPerSecond

/** 12 -> 12, 6, 3, 1 */
export function halvings(cores: number): number[] {
  return cores <= 1 ? [1] : [cores, ...halvings(Math.floor(cores / 2))]
}

interface ProcessorTimes {
  readonly busyMs: number
  readonly allMs: number
  readonly ownMs: number
}

function processorTimes(): ProcessorTimes {
  let [busyMs, allMs] = [0, 0]
  for (const { times } of cpus()) {
    const busy = times.user + times.nice + times.sys + times.irq
    busyMs += busy
    allMs += busy + times.idle
  }
  const { user, system } = process.cpuUsage()
  return { busyMs, allMs, ownMs: (user + system) / 1000 }
}

function othersSince(since: ProcessorTimes): number {
  const now = processorTimes()
  const others = now.busyMs - since.busyMs - (now.ownMs - since.ownMs)
  return Math.max(0, others) / Math.max(1, now.allMs - since.allMs)
}

export const threadsText = (count: number) => (count === 1 ? '1 thread' : `${count} threads`)
const percent = (share: number) => `${Math.round(100 * share)} %`

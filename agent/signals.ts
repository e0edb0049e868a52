/**
 * Ctrl-C and SIGTERM: the first one asks for a stop, another one ends the process as it always does. One press may come twice, from the
 * terminal and from npm, which passes on what it has got itself: what follows the first at once is the first.
 */
import type { EventEmitter } from 'node:events'

const SAME_MS = 500
const names = ['SIGTERM', 'SIGINT'] as const
export type StopSignal = (typeof names)[number]

/** @param again is called for another signal, when nobody hears them any more */
export function stopSignal(
  again: (name: StopSignal) => void = (name) => process.kill(process.pid, name),
  now: () => number = () => performance.now(),
  from: EventEmitter = process,
): Promise<StopSignal> {
  return new Promise((resolve) => {
    let first: number | undefined
    const heard = (name: StopSignal) => {
      if (first === undefined) {
        first = now()
        resolve(name)
      } else if (now() - first >= SAME_MS) {
        for (const each of names) from.off(each, heard)
        again(name)
      }
    }
    for (const each of names) from.on(each, heard)
  })
}

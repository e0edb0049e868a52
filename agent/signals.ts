/**
 * Ctrl-C and SIGTERM: the first one asks for a stop, another one ends the process as it always does. One press may come twice, from the
 * terminal and from npm, which passes on what it has got itself: what follows the first at once is the first.
 */
import type { EventEmitter } from 'node:events'
import { closeSync, openSync } from 'node:fs'

/**
 * Whether this process was started at a terminal, and that has been closed since. Then SIGHUP says so, and not that something is to be
 * read again; a service, and what nohup starts, writes to none.
 */
export function terminalWatch(
  isTerminal: boolean = process.stdout.isTTY === true,
  open: () => number = () => openSync('/dev/tty', 'r'),
): () => boolean {
  const there = (): boolean => {
    try {
      closeSync(open())
      return true
    } catch {
      return false
    }
  }
  const had = isTerminal && there()
  return () => had && !there()
}

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

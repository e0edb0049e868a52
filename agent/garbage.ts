/**
 * Garbage is collected once a minute. By itself V8 waits until its heap has grown by some part: with four cameras that took ten minutes and
 * 20 MB, which looked like a leak and was missing on a small box. A collection stops the thread for some tens of milliseconds.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const EVERY_MS = 60_000

/** Of the thread that calls it; keeps no process alive. */
export function collectGarbage(everyMs = EVERY_MS): NodeJS.Timeout {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  return setInterval(() => collect(), everyMs).unref()
}

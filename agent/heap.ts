/**
 * Keeps V8's heap as small as what lives in it. By itself it takes 34 MB a thread for new objects alone as soon as many come at once, and waits with
 * old ones until they have grown by some part, which with four cameras took ten minutes and 20 MB: it looked like a leak, and was missing on a small box.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const EVERY_MS = 60_000

/**
 * For threads that are sent symbols: those lie outside the heap, 29 kB for a frame of 448×256, and V8 sees no reason to collect them.
 */
export const SYMBOLS_MS = 5000

/** Of the thread that calls it: once a minute garbage is collected, some tens of milliseconds. Keeps no process alive. */
export function keepHeapSmall(everyMs = EVERY_MS): NodeJS.Timeout {
  setFlagsFromString('--semi-space-growth-factor=1') // new objects have the room that they have now, and get no more
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  return setInterval(() => collect(), everyMs).unref()
}

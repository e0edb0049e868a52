/** Waiting for something real to happen: generous, since the machine may be busy, and loud when it does not. */
import { setTimeout as wait } from 'node:timers/promises'

/** The first result of `look` that is something. @throws after so many seconds */
export async function until<T>(
  what: string,
  look: () => T | undefined | null | false | Promise<T | undefined | null | false>,
  seconds = 300,
): Promise<T> {
  const deadline = performance.now() + seconds * 1000
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== null && found !== false) return found
    if (performance.now() > deadline) throw new Error(`waited ${seconds} s in vain for: ${what}`)
    await wait(50)
  }
}

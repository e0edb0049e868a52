/** Ctrl-C and SIGTERM: the first one asks for a stop, the second one ends the process as it always does. */

const names = ['SIGTERM', 'SIGINT'] as const
export type StopSignal = (typeof names)[number]

export function stopSignal(): Promise<StopSignal> {
  return new Promise((resolve) => {
    const asked = (name: StopSignal) => {
      for (const each of names) process.off(each, asked)
      resolve(name)
    }
    for (const each of names) process.on(each, asked)
  })
}

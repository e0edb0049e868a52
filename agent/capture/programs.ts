/** Programs that capture starts: where they are, and with whom they end. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Looked for at every start: what is missing may have been installed meanwhile. */
export function find(name: string, preferred?: string): string | undefined {
  const paths = (process.env.PATH ?? '').split(delimiter).map((dir) => join(dir, name))
  return [...(preferred ? [preferred] : []), ...paths].find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** Before a program and its arguments, the kernel ends it with the agent, however that one dies. */
export const endingWithUs = (program: string): readonly string[] => ['--pdeathsig', 'KILL', '--', program]

/** Old versions know no --pdeathsig, and a sandbox may refuse what they do first: then the program starts without. */
export const couldNotStart = (lines: readonly string[]): boolean => lines.some((line) => line.startsWith('setpriv: '))

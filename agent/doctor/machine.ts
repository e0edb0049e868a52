/** What doctor may read of a machine and run on it; a test gives it a folder and answers. */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

export interface Check {
  readonly name: string
  readonly ok: boolean
  readonly text: string
}

export interface Machine {
  /** Without what pads it; undefined: it is not there, or cannot be read. */
  read(path: string): string | undefined
  list(path: string): readonly string[]
  /** Its output; undefined: it is not installed, failed or took too long. */
  run(program: string, args: readonly string[]): Promise<string | undefined>
}

const WITHIN_MS = 20_000

export const thisMachine = (root = '/'): Machine => ({
  read(path) {
    try {
      // The device tree ends its texts with a NUL.
      return readFileSync(join(root, path), 'utf8').replaceAll('\0', '').trim()
    } catch {
      return undefined
    }
  },
  list(path) {
    try {
      return readdirSync(join(root, path)).sort()
    } catch {
      return []
    }
  },
  async run(program, args) {
    try {
      return (await promisify(execFile)(program, args, { timeout: WITHIN_MS, maxBuffer: 1 << 24 })).stdout
    } catch {
      return undefined
    }
  },
})

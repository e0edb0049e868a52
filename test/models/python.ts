/** The Python that trains: of .ci/setup's virtual environment, or of a machine that has PyTorch itself. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'

export const root = process.cwd()
const venv = join(root, '.venv/bin/python')
export const python = existsSync(venv) ? venv : 'python3'

export interface Ended {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs scripts one after the other, each in a fork of one process that has loaded PyTorch. */
export function warmPython(t: Test): (script: string, ...args: string[]) => Promise<Ended> {
  const child = spawn(python, ['test/models/warm.py'], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
    // Other tests run beside it, and steps this small gain nothing from a second thread.
    env: { ...process.env, OMP_NUM_THREADS: '1' },
  })
  t.teardown(() => child.kill('SIGKILL'))
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return async (...args) => {
    child.stdin.write(`${JSON.stringify(args)}\n`)
    const { value, done } = await answers.next()
    if (done) throw new Error(`test/models/warm.py ended before ${args.join(' ')} was done`)
    return JSON.parse(value)
  }
}

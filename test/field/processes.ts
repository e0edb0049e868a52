/** Child processes of a scenario. Each carries the scenario's mark in its environment, so that none outlives it. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'

const MARK = 'FIELD_SCENARIO'

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

export interface Marked {
  readonly pid: number
  readonly command: string
}

export class Processes {
  /** @param mark unique, for example the scenario's folder */
  constructor(private readonly mark: string) {}

  spawn(command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const env = { ...process.env, ...options.env, [MARK]: this.mark }
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options, env })
    child.on('error', () => {}) // seen by whoever waits for its end: exit code null
    return child
  }

  /** Runs a program to its end. */
  async run(command: string, args: readonly string[], options: SpawnOptions = {}): Promise<Finished> {
    const child = this.spawn(command, args, options)
    let out = ''
    let err = ''
    child.stdout?.on('data', (text) => {
      out += text
    })
    child.stderr?.on('data', (text) => {
      err += text
    })
    const failed = new Promise<never>((_, reject) => child.once('error', reject))
    await Promise.race([once(child, 'close'), failed])
    return { code: child.exitCode, signal: child.signalCode, out, err }
  }

  /** What runs now of all that this scenario started, children of children included. */
  marked(): Marked[] {
    const sign = `${MARK}=${this.mark}`
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    return pids.flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(sign)) return []
        return [
          { pid: Number(pid), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim() },
        ]
      } catch {
        return [] // gone, or somebody else's
      }
    })
  }

  /** SIGKILL to every one of them; synchronous, so that it also works in an exit handler. */
  sweep(): void {
    // Twice: one may have started another in between.
    for (let round = 0; round < 3; round++) {
      for (const { pid } of this.marked()) {
        try {
          process.kill(pid, 'SIGKILL')
        } catch {}
      }
    }
  }
}

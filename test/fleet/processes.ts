/** Programs of a fleet's other end: started, killed, started again, and what they have cost. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { statOf } from '../../agent/capture/stat.js'

/** Of the kernel: clock ticks a second, as it tells processes. */
const TICKS = 100

export class Program {
  private child: ChildProcess | undefined
  private spent = 0
  starts = 0

  constructor(
    readonly name: string,
    private readonly command: readonly [string, ...string[]],
    private readonly log: string,
    private readonly env: NodeJS.ProcessEnv = {},
  ) {}

  start(): void {
    const out = openSync(this.log, 'a')
    const [program, ...args] = this.command
    this.child = spawn(program, args, { stdio: ['ignore', out, out], env: { ...process.env, ...this.env } })
    this.starts++
  }

  /** What it has printed, of all its starts. */
  get said(): string {
    return readFileSync(this.log, 'utf8')
  }

  get running(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null
  }

  /** Seconds of processor time, of all its starts. */
  get cpuSeconds(): number {
    const [user, system] = this.child?.pid ? statOf(this.child.pid).slice(11, 13).map(Number) : [0, 0]
    return this.spent + ((user ?? 0) + (system ?? 0)) / TICKS
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this
    if (!child || !this.running) return
    this.spent = this.cpuSeconds
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
}

/** The built program as a child process, the way a person or systemd starts it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { tool } from '../tool.js'
import { until } from './until.js'

export const root = process.cwd()
const main = join(root, 'dist', 'cli', 'main.js')

/** tap's hooks in child processes would slow them down and record what runs there. */
const { NODE_OPTIONS: _, ...plainEnv } = process.env

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export class Program {
  out = ''
  err = ''
  private readonly closed: Promise<unknown>

  private constructor(readonly child: ChildProcess) {
    child.stdout?.on('data', (text) => {
      this.out += text
    })
    child.stderr?.on('data', (text) => {
      this.err += text
    })
    this.closed = once(child, 'close')
  }

  static start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
    if (!existsSync(main)) throw new Error(`${main} is missing: npm run build`)
    tool('ffmpeg') // without it the agent goes on trying, and a test would wait in vain
    const child = spawn(process.execPath, [main, ...args], {
      cwd: root,
      env: { ...plainEnv, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return new Program(child)
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** The agent's log so far, a JSON line each. */
  get log(): Record<string, unknown>[] {
    const whole = this.err.slice(0, this.err.lastIndexOf('\n') + 1)
    return whole.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []))
  }

  /** The first log line with this message. */
  logged(msg: string, seconds?: number): Promise<Record<string, unknown>> {
    return until(
      `log line '${msg}'`,
      () => {
        const line = this.log.find((entry) => entry.msg === msg)
        if (!line && !this.running) throw new Error(`ended without '${msg}': ${this.err}`)
        return line
      },
      seconds,
    )
  }

  async ended(): Promise<Ended> {
    await this.closed
    return { code: this.child.exitCode, out: this.out, err: this.err }
  }

  terminate(): Promise<Ended> {
    this.child.kill('SIGTERM')
    return this.ended()
  }

  kill(): Promise<Ended> {
    this.child.kill('SIGKILL')
    return this.ended()
  }
}

/** Runs a verb to its end. */
export const blindsight = (args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ended> =>
  Program.start(args, env).ended()

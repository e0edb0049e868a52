/** The built agent as a child process, the way systemd starts it: its log lines as events, its end. */
import type { ChildProcess, StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../contract/package-root.js'
import { until } from '../e2e/until.js'
import type { FakeClock } from './faketime.js'
import type { Namespace } from './namespace.js'
import type { Processes } from './processes.js'

export const cli = join(packageRoot(), 'dist', 'cli', 'main.js')

export interface AgentOptions {
  readonly env?: NodeJS.ProcessEnv
  /** Runs under libfaketime, on this clock. */
  readonly clock?: FakeClock
  /** Runs in this network namespace. */
  readonly namespace?: Namespace
  /** Shell commands done first in a mount namespace of its own, for example `mount -t tmpfs tmpfs /tmp`. */
  readonly mounts?: string
  /** What comes before `node`, for example ['prlimit', '--nofile=64']. */
  readonly wrap?: readonly string[]
  /** Where stderr goes instead of here, for example /dev/full. */
  readonly stderrTo?: string
  /** Instead of `run --config FILE`; FILE is appended. */
  readonly verb?: readonly string[]
}

export interface LogLine {
  readonly level: number
  readonly time: string
  readonly msg: string
  readonly [field: string]: unknown
}

type Match = string | RegExp | ((line: LogLine) => boolean)

export class FieldAgent {
  /** The JSON lines of its log. */
  readonly log: LogLine[] = []
  /** What else it wrote to stderr: nothing, as a rule. */
  readonly other: string[] = []
  out = ''
  readonly startedAt = performance.now()
  private rest = ''
  private readonly closed: Promise<unknown>

  private constructor(readonly child: ChildProcess) {
    this.closed = once(child, 'close').catch(() => {})
    child.stdout?.on('data', (text) => {
      this.out += text
    })
    child.stderr?.on('data', (text) => this.read(String(text)))
  }

  static start(processes: Processes, file: string, options: AgentOptions = {}): FieldAgent {
    if (!existsSync(cli)) throw new Error(`${cli} is missing: npm run build`)
    const node = [process.execPath, cli, ...(options.verb ?? ['run', '--config']), file]
    const wrapped = [...(options.wrap ?? []), ...node]
    const mounted = options.mounts
      ? ['unshare', '--mount', 'sh', '-ec', `${options.mounts}\nexec "$@"`, 'sh', ...wrapped]
      : wrapped
    const [command, ...args] = options.namespace ? options.namespace.command(mounted) : mounted
    const stdio: StdioOptions = ['ignore', 'pipe', options.stderrTo ? openSync(options.stderrTo, 'a') : 'pipe']
    const env = { ...options.clock?.env, ...options.env }
    return new FieldAgent(processes.spawn(command!, args, { cwd: packageRoot(), stdio, env }))
  }

  get pid(): number {
    return this.child.pid!
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  find(match: Match): LogLine | undefined {
    return this.log.find((line) => matches(line, match))
  }

  /** Lines, not events: the log says a repeat as a number. */
  count(match: Match): number {
    return this.log.filter((line) => matches(line, match)).length
  }

  /** The first log line that fits. @throws when the agent ends without it */
  async logged(match: Match, seconds = 90): Promise<LogLine> {
    return until(
      `log line ${match}`,
      () => {
        const line = this.find(match)
        if (!line && !this.running) throw new Error(`ended (${this.child.exitCode}) without ${match}: ${this.tail()}`)
        return line
      },
      seconds,
    )
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name)
  }

  /** Its end, and when it does not come an error. */
  async ended(seconds = 90): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    await until('the agent to end', () => !this.running, seconds)
    await this.closed
    return { code: this.child.exitCode, signal: this.child.signalCode }
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.ended()
  }

  /** SIGTERM, as systemd does. */
  async stop(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    this.signal('SIGTERM')
    return this.ended()
  }

  /** The last lines of its log, for a person. */
  tail(lines = 8): string {
    const said = this.log
      .slice(-lines)
      .map(({ level: _, time: __, msg, ...fields }) => `${msg} ${JSON.stringify(fields)}`)
    return [...said, ...this.other.slice(-lines), this.rest].filter(Boolean).join('\n')
  }

  private read(text: string): void {
    const lines = (this.rest + text).split('\n')
    this.rest = lines.pop()!
    for (const line of lines) {
      try {
        this.log.push(JSON.parse(line))
      } catch {
        this.other.push(line)
      }
    }
  }
}

function matches(line: LogLine, match: Match): boolean {
  if (typeof match === 'function') return match(line)
  return typeof match === 'string' ? line.msg === match : match.test(line.msg) || match.test(JSON.stringify(line))
}

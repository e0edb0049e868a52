/** A real mosquitto that can be killed and started again on its port. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { AS_WE_ARE, freePort } from '../client/mosquitto.js'
import { until } from '../e2e/until.js'
import { tool } from '../tool.js'
import type { Processes } from './processes.js'

export interface BrokerOptions {
  /** Default 127.0.0.1. */
  readonly address?: string
  readonly port?: number
  /** Sessions and retained messages survive its restart (written at every change). */
  readonly persistence?: boolean
  /** Default true: no user, no password. */
  readonly anonymous?: boolean
  /** Further lines of mosquitto.conf. Limits of queues are off unless set here: the subscriber must see everything. */
  readonly lines?: readonly string[]
}

export class Broker {
  log = ''
  private child: ChildProcess | undefined

  private constructor(
    private readonly processes: Processes,
    /** Its configuration, log and database lie here. */
    readonly dir: string,
    readonly address: string,
    readonly port: number,
  ) {}

  static async start(processes: Processes, dir: string, options: BrokerOptions = {}): Promise<Broker> {
    const address = options.address ?? '127.0.0.1'
    const port = options.port ?? (await freePort())
    const broker = new Broker(processes, dir, address, port)
    mkdirSync(dir, { recursive: true })
    broker.configure(options)
    await broker.up()
    return broker
  }

  get url(): string {
    return `mqtt://${this.address}:${this.port}`
  }

  /** Other options from the next start on. */
  configure({ persistence, anonymous = true, lines = [] }: BrokerOptions): void {
    const set = new Set(lines.map((line) => line.split(' ')[0]))
    const conf = [
      `listener ${this.port} ${this.address}`,
      `allow_anonymous ${anonymous}`,
      ...AS_WE_ARE,
      // Not 0, which means no limit: mosquitto 2.0.11 then hangs up behind every message that it refuses.
      ...['max_inflight_messages 0', 'max_queued_messages 1000000'].filter((line) => !set.has(line.split(' ')[0])),
      ...(persistence
        ? ['persistence true', `persistence_location ${this.dir}/`, 'autosave_on_changes true', 'autosave_interval 1']
        : []),
      ...lines,
    ]
    writeFileSync(join(this.dir, 'mosquitto.conf'), `${conf.join('\n')}\n`, { mode: 0o644 })
  }

  async up(): Promise<void> {
    const child = this.processes.spawn(tool('mosquitto'), ['-c', join(this.dir, 'mosquitto.conf')])
    this.child = child
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (text) => {
        this.log = (this.log + text).slice(-100_000)
      })
    await until(`mosquitto on port ${this.port}`, () => {
      if (child.exitCode !== null) throw new Error(`mosquitto ended: ${this.log}`)
      return answers(this.address, this.port)
    })
  }

  /** SIGKILL: no goodbye to the clients, nothing saved. */
  kill = (): Promise<void> => this.end('SIGKILL')

  stop = (): Promise<void> => this.end('SIGTERM')

  /** Takes what comes into its socket and answers nothing, until `thaw`. */
  freeze(): void {
    this.child?.kill('SIGSTOP')
  }

  thaw(): void {
    this.child?.kill('SIGCONT')
  }

  /** Reads its configuration's reloadable parts again. */
  reload(): void {
    this.child?.kill('SIGHUP')
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this
    this.child = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    child.kill('SIGCONT')
    await gone
  }
}

const answers = (address: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, address)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })

/** What a scenario works with. Whatever it starts, mounts or makes here is gone when the scenario is over. */
import { createHash } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DEFAULT_BUNDLE } from '../../agent/bundles.js'
import { packageRoot } from '../../contract/package-root.js'
import { freePort } from '../client/mosquitto.js'
import { until } from '../e2e/until.js'
import { type AgentOptions, cli, FieldAgent } from './agent.js'
import { archiveRows, gaps, outboxIds, query } from './archive.js'
import { Broker, type BrokerOptions } from './broker.js'
import type { ClipOptions, Clips } from './clips.js'
import { FakeClock } from './faketime.js'
import { Listener, type ListenerOptions } from './listener.js'
import { Namespace } from './namespace.js'
import { type Finished, Processes } from './processes.js'
import { Relay } from './relay.js'
import { NotRun } from './scenario.js'

export interface RunOptions {
  readonly short: boolean
  readonly seed: number
  /** Length of the soak, minutes. */
  readonly minutes: number | undefined
  /** Plots. */
  readonly outDir: string
  /** Shared by all. */
  readonly clips: Clips
}

export interface ConfigWishes {
  /** Absent: an embedded broker on a free port. */
  readonly broker?: { readonly url: string }
  /** Each over the defaults: id cam, the street clip, 64x64 at 5 frames a second, all that the bundle says, static coding. */
  readonly cameras?: readonly Record<string, unknown>[]
  readonly mqtt?: Record<string, unknown>
  readonly archive?: Record<string, unknown>
  readonly outbox?: Record<string, unknown>
  /** Other keys at the top. */
  readonly top?: Record<string, unknown>
}

export class Kit {
  readonly until = until
  readonly freePort = freePort
  /** Every process of this scenario, also those that the agent left behind. */
  readonly processes: Processes
  readonly archive = { rows: archiveRows, outbox: outboxIds, query, gaps }
  readonly agents: FieldAgent[] = []
  private readonly undo: (() => unknown)[] = []
  private readonly next: () => number
  private files = 0

  constructor(
    readonly id: string,
    /** The scenario's own folder. */
    readonly dir: string,
    readonly run: RunOptions,
  ) {
    mkdirSync(dir, { recursive: true, mode: 0o755 })
    this.processes = new Processes(dir)
    this.next = generator(`${run.seed}/${id}`)
  }

  /** Progress, for whoever watches. */
  say = (text: string): void => console.error(`    ${this.id}: ${text}`)

  /** Seeded: [0, 1). */
  random = (): number => this.next()

  get stateDir(): string {
    return join(this.dir, 'state')
  }

  /** A path in the scenario's folder. */
  path = (name: string): string => join(this.dir, name)

  clip = (options?: ClipOptions): Promise<string> => this.run.clips.get(options)

  /** A configuration that two cores carry easily. */
  async config({
    broker,
    cameras = [{}],
    mqtt,
    archive,
    outbox,
    top,
  }: ConfigWishes = {}): Promise<Record<string, unknown>> {
    const source = cameras.every((camera) => camera.source) ? undefined : await this.clip()
    const defaults = { id: 'cam', source, width: 64, height: 64, fps: 5, coding: 'static' }
    return {
      device: 'field',
      bundle: DEFAULT_BUNDLE,
      stateDir: this.stateDir,
      threads: 1,
      healthSeconds: 1,
      cameras: cameras.map((camera) => ({ ...defaults, ...camera })),
      mqtt: { ...(broker ? { url: broker.url } : { embeddedPort: await freePort() }), ...mqtt },
      archive: { minFreeMegabytes: 0, ...archive },
      ...(outbox && { outbox }),
      ...top,
    }
  }

  /** Writes the configuration (text as it is, anything else as JSON, which is YAML) and returns its path. */
  configFile(config: string | object, name = `config-${this.files++}.yaml`): string {
    const file = this.path(name)
    writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config, null, 2), { mode: 0o644 })
    return file
  }

  /** Starts the real agent on this configuration. */
  agent(config: string | object, options?: AgentOptions): FieldAgent {
    const agent = FieldAgent.start(this.processes, this.configFile(config), options)
    this.agents.push(agent)
    return agent
  }

  /** Runs another verb of the program to its end. */
  cli = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> =>
    this.processes.run(process.execPath, [cli, ...args], { cwd: packageRoot(), env })

  broker(options?: BrokerOptions): Promise<Broker> {
    return Broker.start(this.processes, this.path(`broker-${this.files++}`), options)
  }

  async listener(broker: { readonly url: string }, options?: ListenerOptions): Promise<Listener> {
    const listener = await Listener.start(broker.url, options)
    this.defer(() => listener.stop())
    return listener
  }

  async relay(broker: Broker, address?: string): Promise<Relay> {
    const relay = await Relay.start(broker, await freePort(), address)
    this.defer(() => relay.close())
    return relay
  }

  /** @throws {NotRun} without libfaketime */
  clock = (offsetSeconds = 0): FakeClock => FakeClock.make(this.dir, offsetSeconds)

  /** @throws {NotRun} where network namespaces cannot be made */
  async namespace(): Promise<Namespace> {
    this.needRoot('network namespaces')
    const namespace = await Namespace.make(this.processes)
    this.defer(() => namespace.remove())
    return namespace
  }

  /** A file system of so many bytes of its own. @throws {NotRun} where nothing can be mounted */
  async tmpfs(bytes: number, name = `disk-${this.files++}`): Promise<string> {
    this.needRoot('mounts')
    const dir = this.path(name)
    mkdirSync(dir, { recursive: true })
    const { code, err } = await this.processes.run('mount', [
      '-t',
      'tmpfs',
      '-o',
      `size=${bytes},mode=755`,
      'tmpfs',
      dir,
    ])
    if (code !== 0) throw new NotRun(`no tmpfs can be mounted: ${err.trim()}`)
    this.defer(() => this.processes.run('umount', ['-l', dir]))
    return dir
  }

  /** Runs a shell command. @throws when it fails */
  async sh(command: string): Promise<string> {
    const { code, out, err } = await this.processes.run('sh', ['-ec', command], { cwd: this.dir })
    if (code !== 0) throw new Error(`${command}: exit code ${code}: ${err}`)
    return out
  }

  needRoot(what: string): void {
    if (process.getuid?.() !== 0) throw new NotRun(`${what}: only root may`)
  }

  /** What starts a program as an ordinary user, 65534. @throws {NotRun} where that user could not read the program */
  async ordinaryUser(): Promise<string[]> {
    this.needRoot('another user')
    const ids = ['--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all', '--bounding-set=-all']
    const program = join(packageRoot(), 'dist', 'cli', 'main.js')
    const { code } = await this.processes.run('setpriv', [...ids, 'test', '-r', program])
    if (code !== 0) throw new NotRun(`an ordinary user may not read ${program}`)
    return ['setpriv', ...ids]
  }

  /** Undone at the end, the last first. */
  defer(action: () => unknown): void {
    this.undo.push(action)
  }

  /** Ends everything. Safe to call twice. */
  async close(): Promise<void> {
    this.processes.sweep()
    for (let action = this.undo.pop(); action; action = this.undo.pop()) {
      try {
        await action()
      } catch (error) {
        this.say(`left behind: ${(error as Error).message}`)
      }
    }
    this.processes.sweep()
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** mulberry32, seeded by a text: the same run again with the same --seed. */
function generator(text: string): () => number {
  let state = createHash('sha1').update(text).digest().readUInt32LE(0)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/**
 * `run`: one agent after the other in one process. SIGHUP reads the configuration again; if it is right the agent of the old one
 * hands over to an agent of the new one, if it is wrong the old one goes on. SIGTERM and Ctrl-C end it.
 */
import { Agent } from './agent.js'
import { changes, type Snapshot, snapshot } from './changes.js'
import { examine, type LoadedConfig } from './config/load.js'
import { messageOf } from './errors.js'
import type { Facts } from './facts.js'
import { namesOf } from './heads.js'
import { Listener } from './http/listener.js'
import { routes } from './http/routes.js'
import { createLog, type ProcessLog } from './log.js'
import { type Narrator, narratorAt } from './narrator.js'
import { Notifier } from './notify.js'
import type { Committed } from './pipeline.js'
import { Proving } from './proving.js'
import type { EmbeddedBroker } from './publish/embedded.js'
import { type StopSignal, stopSignal, terminalWatch } from './signals.js'
import { socketPaths } from './sockets.js'
import { usable } from './usable.js'

/** How often the service manager hears of us, if it does not ask for more, and how much time a start asks for each time. */
const BEAT_MS = 5000
const EXTEND_MS = 60_000
/** Less than TimeoutStopSec of the unit: a network that hangs in native code cannot be ended in any other way. */
const STOP_WITHIN_MS = 20_000

interface Snapped {
  readonly config: LoadedConfig
  readonly snapshot: Snapshot
}

/** As check-config: the file, and bundle and ports with it. @throws {AgentError} @throws {BundleError} */
async function usableConfig(file: string, proving: Proving): Promise<Snapped> {
  const { config, bundle } = await usable(examine(file), (config) => proving.fit(config))
  return { config, snapshot: snapshot(config, bundle.sha256) }
}

export async function run({ config: file }: { config: string }): Promise<void> {
  const closed = terminalWatch()
  let hangup: () => void = () => {}
  process.on('SIGHUP', () => (closed() ? process.kill(process.pid, 'SIGTERM') : hangup())) // from the first moment: unheard, it would end the process
  let again = (name: StopSignal): void => void process.kill(process.pid, name)
  const signal = stopSignal((name) => again(name))
  const log = createLog('info')
  const proving = new Proving(log)
  const first = await usableConfig(file, proving)
  log.level = first.config.logLevel
  const service = new Service(file, first, log, proving, narratorAt(process.stdout, file))
  again = (name) => service.kill(`${name} came again`, name)
  hangup = () => service.reload()
  await service.run(signal)
}

export class Service {
  private agent: Agent | undefined
  /** Of `status`; and of /metrics and /healthz, where the configuration has them. */
  private readonly socket: Listener
  private http: Listener | undefined
  private readonly notifier: Notifier
  private reloading: Promise<void> | undefined
  private askedAgain = false
  private stopping = false
  private fail: (error: Error) => void = () => {}
  private readonly failed = new Promise<never>((_, reject) => {
    this.fail = reject
  })

  constructor(
    private readonly file: string,
    private current: Snapped,
    private readonly log: ProcessLog,
    private readonly proving: Proving,
    private readonly narrator?: Narrator,
  ) {
    this.notifier = new Notifier(process.env, (text) => log.warn({}, text))
    this.failed.catch(() => {}) // reported where it is awaited
    const paths = socketPaths(current.config.stateDir, process.env.RUNTIME_DIRECTORY)
    this.socket = new Listener(
      paths.map((path) => ({ path })),
      this.routes,
      log,
    )
  }

  private readonly routes = routes(() => this.facts())

  /** Until `signal`. @throws what the agent cannot go on with */
  async run(signal: Promise<string>): Promise<void> {
    const beat = setInterval(() => this.beat(), Math.min(BEAT_MS, (this.notifier.watchdogMs ?? BEAT_MS) / 2))
    this.beat()
    try {
      // A start that fails later, because it was told to end, is no error.
      const started = this.start(this.current)
      void this.socket.start() // the state directory is there now
      started.catch(() => {})
      const name = await Promise.race([started.then(() => signal), signal, this.failed])
      this.log.info({ signal: name }, 'stopping')
    } catch (error) {
      this.proving.failed(error)
      throw error
    } finally {
      this.stopping = true
      this.notifier.stopping()
      await this.stop()
      await Promise.all([this.socket.stop(), this.http?.stop()])
      clearInterval(beat)
      this.notifier.close()
      this.proving.ended()
    }
    this.log.info({}, 'stopped')
  }

  /** Reads the configuration again. Asked while it is under way: once more after it, however often. */
  reload(): void {
    this.askedAgain = true
    this.reloading ??= this.reloadAll().finally(() => {
      this.reloading = undefined
    })
  }

  private async reloadAll(): Promise<void> {
    await this.agent?.start().catch(() => {}) // what is being started is started first
    while (this.askedAgain && !this.stopping) {
      this.askedAgain = false
      await this.reloadOnce().catch(this.fail)
    }
  }

  /** @throws when neither the new configuration nor the old one starts */
  private async reloadOnce(): Promise<void> {
    const at = new Date().toISOString()
    const { file, log, notifier } = this
    notifier.reloading()
    let next: Snapped
    try {
      next = await usableConfig(file, this.proving)
    } catch (error) {
      log.error({ at, reason: messageOf(error) }, 'the new configuration is wrong; the old one goes on')
      notifier.ready(`${this.agent?.summary}; the new configuration is wrong, see the log`)
      return
    }
    next = this.withSameStateDir(next, at)
    const changed = changes(this.current.snapshot, next.snapshot)
    log.level = next.config.logLevel
    log.info({ at, config: file, changed }, changed.length > 0 ? 'reloading' : 'reloaded: nothing has changed')
    if (changed.some((key) => key !== 'logLevel')) await this.exchange(next)
    else this.current = next
    notifier.ready(this.agent?.summary ?? '')
  }

  /** Another archive needs another process: frames that wait in the old one's outbox would wait for ever. */
  private withSameStateDir({ config, snapshot }: Snapped, at: string): Snapped {
    const { stateDir } = this.current.config
    if (config.stateDir === stateDir) return { config, snapshot }
    this.log.warn({ at, stateDir: config.stateDir, now: stateDir }, 'stateDir changes with the next restart only')
    const kept = new Map(snapshot).set('stateDir', JSON.stringify(stateDir))
    return { config: Object.freeze({ ...config, stateDir }), snapshot: kept }
  }

  private async exchange(next: Snapped): Promise<void> {
    const old = this.current
    const broker = await this.handOver(next)
    try {
      await this.start(next, broker)
    } catch (error) {
      if (this.stopping) return
      this.proving.failed(error)
      this.log.error({ reason: messageOf(error) }, 'the new configuration does not start; the old one is started again')
      await this.start(old, await this.handOver(old))
    }
  }

  /** Ends the agent, and keeps its embedded broker if `next` uses that. */
  private async handOver(next: Snapped): Promise<EmbeddedBroker | undefined> {
    const { agent } = this
    if (!agent) return undefined
    const { mqtt, device } = next.config
    const before = agent.config
    const place = ({ url, base, embeddedPort }: LoadedConfig['mqtt']) => JSON.stringify([url, base, embeddedPort])
    if (device === before.device && place(mqtt) === place(before.mqtt))
      return agent.handOver('taking a new configuration')
    await agent.stop() // gone from where it was
    return undefined
  }

  private async start(next: Snapped, broker?: EmbeddedBroker): Promise<void> {
    if (this.stopping) return broker?.stop()
    const events = {
      failed: (error: Error) => this.fail(error),
      committed: (result: Committed) => {
        this.proving.proven(agent.bundle)
        this.narrator?.committed(result)
      },
      chosen: () => this.reload(),
    }
    const agent: Agent = new Agent(next.config, this.log, this.notifier, events, undefined, undefined, broker)
    const http = JSON.stringify(next.config.http)
    const same = this.agent && http === JSON.stringify(this.current.config.http)
    this.current = next
    this.agent = agent
    const started = agent.start()
    if (!same) await Promise.all([this.serve(next.config.http), started])
    await started
    const { config, brokerUrl, bundle } = agent
    const tellsEvents = namesOf(config.cameras, bundle).class.length > 0
    this.narrator?.running({ config, brokerUrl, tellsEvents })
  }

  private async serve(http: LoadedConfig['http']): Promise<void> {
    await this.http?.stop()
    this.http = http && new Listener([http], this.routes, this.log)
    void this.http?.start()
  }

  private facts(): Facts {
    return { ...(this.agent as Agent).facts(), config: this.file, pid: process.pid }
  }

  private beat(): void {
    const { agent, notifier } = this
    if (!agent || agent.phase === 'stuck') return
    if (agent.phase === 'starting') notifier.extend(EXTEND_MS)
    notifier.watchdog()
  }

  private async stop(): Promise<void> {
    const late = setTimeout(() => this.kill(`it did not end within ${STOP_WITHIN_MS / 1000} s`), STOP_WITHIN_MS)
    await this.agent?.stop()
    await this.reloading
    await this.agent?.stop() // what a reload under way has put in its place
    clearTimeout(late)
  }

  /** What was committed stays. Nothing else ends a thread in native code. */
  kill(reason: string, signal: NodeJS.Signals = 'SIGKILL'): void {
    this.log.error({ reason }, 'ended by force')
    process.kill(process.pid, signal)
  }
}

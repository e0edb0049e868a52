/** The agent: makes the parts, joins them, starts them in order and stops them in reverse. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Bundle } from '../contract/bundle.js'
import type { DeviceState } from '../contract/messages.js'
import { Topics } from '../contract/topics.js'
import type { ArchiveLimits } from './archive/archive.js'
import { Keeper } from './archive/keeper.js'
import { unmetLimits } from './archive/room.js'
import { Camera } from './capture/camera.js'
import { endOrphans } from './capture/orphans.js'
import { Clock } from './clock.js'
import type { LoadedConfig } from './config/load.js'
import type { Camera as CameraConfig } from './config/schema.js'
import { Deliveries } from './deliveries.js'
import { enginesDir, workerSetup } from './engines.js'
import { AgentError, ExitCode, messageOf } from './errors.js'
import { type Facts, progress } from './facts.js'
import { fit, noPort } from './fit.js'
import { headsOn, namesOf } from './heads.js'
import { type Around, type Counts, Health, type HealthReport, noCounts } from './health.js'
import { BIRTH_TOPIC, discovery, isBirth } from './home-assistant.js'
import { Engine } from './infer/engine.js'
import type { InferCamera } from './infer/messages.js'
import { infoMessage } from './info.js'
import { limitsOf } from './limits.js'
import type { Log } from './log.js'
import type { Notifier } from './notify.js'
import type { NewFrame } from './outbox.js'
import { type Committed, type Fate, Pipeline } from './pipeline.js'
import { type EmbeddedBroker, startEmbeddedBroker } from './publish/embedded.js'
import { addressOf, type Incoming, type Link } from './publish/mqtt.js'
import { Presence } from './publish/presence.js'
import { Publisher } from './publish/publisher.js'
import { messagesOf } from './publish/results.js'
import { Service } from './publish/service.js'
import { Requests } from './retrieve/requests.js'
import { Stages } from './stages.js'
import { type Fell, readChoice } from './updates/choice.js'
import { Upkeep } from './upkeep.js'
import { version } from './version.js'
import { type Now, Watching } from './watching.js'

export interface AgentEvents {
  committed?(result: Committed): void
  /** The broker has acknowledged all of a frame's messages. */
  acked?(cam: string, seq: number): void
  /** A file that is not looped has been read to its end. */
  finished?(camera: string): void
  cameraState?(camera: Camera): void
  /** The agent cannot go on. */
  failed?(error: Error): void
  /** Another bundle was chosen, over MQTT. */
  chosen?(): void
}

const UPKEEP_MS = 5000
/** Steps of the clock are seen this soon while no frames come. */
const CLOCK_MS = 1000
/** A stuck pipeline stops feeding the watchdog: frames come in, none is committed for this long. */
const PROGRESS_MS = 30_000
/** One step of the start, such as TensorRT's engine for one network, may take this long. */
const STEP_MS = 3_600_000
const HAND_OVER_DRAIN_MS = 1000
const HOUR_MS = 3_600_000
/** Of the last distinct faults, so many are in health. */
const FAULTS = 10
/** Nobody waits longer for an answer. */
const ANSWER_EXPIRY_SECONDS = 60

export class Agent {
  readonly boot = randomBytes(8).toString('hex')
  readonly stages = new Stages()
  readonly bundle: Bundle
  /** The chosen bundle that did not run, in whose place this one came back. */
  private readonly fell: Fell | undefined
  readonly topics: Topics
  readonly cameras: Camera[]
  readonly archive: Keeper
  publisher!: Publisher
  presence!: Presence
  pipeline!: Pipeline
  brokerUrl = ''
  /** What runs here, in one line. */
  summary = ''
  private engine: Engine | undefined
  private health: Health | undefined
  private requests!: Requests
  private readonly deliveries: Deliveries
  private readonly watching: Watching
  /** Cameras with the heads that run on them. */
  private readonly inferred: ReadonlyMap<string, CameraConfig & InferCamera>
  private readonly clock: Clock
  private readonly upkeep: Upkeep
  private readonly limits: ArchiveLimits & { minFreeBytes: number }
  private readonly counts = new Map<string, Counts>()
  private readonly lost = { inference: 0, commit: 0 }
  private timers: NodeJS.Timeout[] = []
  private readonly madeAt = performance.now()
  private stepAt = performance.now()
  /** A limit that the disk is too small for. */
  private unmet: string | undefined
  private running = false
  /** When the first frame came in that was not followed by a commit yet; a slow camera is no stuck pipeline. */
  private waitingSince: number | undefined
  private started: Promise<void> | undefined
  private stopped: Promise<void> | undefined
  private readonly ending = new AbortController()

  /** @throws {BundleError} @throws {AgentError} */
  constructor(
    readonly config: LoadedConfig,
    private readonly log: Log,
    private readonly notifier: Notifier,
    private readonly events: AgentEvents = {},
    private readonly workerScript?: URL,
    /** Take this many frames and no more. */
    private readonly maxFrames?: number,
    /** What the agent before this one handed over: its broker's clients keep their connections. */
    private embedded?: EmbeddedBroker,
  ) {
    this.bundle = fit(config)
    this.fell = config.bundle === undefined ? readChoice(config.stateDir).fell : undefined
    this.topics = new Topics(config.mqtt.base, config.device)
    const resolved = (camera: CameraConfig) => ({ ...camera, heads: [...headsOn(camera, this.bundle)] })
    this.inferred = new Map(config.cameras.map((camera) => [camera.id, resolved(camera)]))
    this.limits = limitsOf(config)
    this.deliveries = new Deliveries(config, log, () => events.chosen?.())
    this.clock = new Clock(config.clock.trust)
    this.watching = new Watching({
      dev: config.device,
      boot: this.boot,
      bundle: this.bundle,
      cameras: config.cameras,
      now: (cam, now) => this.announceNow(cam, now),
    })
    this.archive = new Keeper(
      config.stateDir,
      this.limits,
      log,
      {
        changed: () => this.showState(),
        opened: () => {
          this.upkeep?.opened()
          this.publisher?.again()
        },
        another: (ended) => this.watching.archived(ended),
      },
      () => this.clock.now(),
    )
    this.upkeep = new Upkeep(this.archive, this.clock, this.limits, log, {
      timeChanged: () => this.askKeyframes(), // a segment of its own for what is timed otherwise
      troubled: () => this.showState(),
    })
    const cameraEvents = {
      frameReady: () => {
        this.waitingSince ??= performance.now()
        this.pipeline?.wake()
      },
      stateChanged: (changed: Camera) => this.cameraChanged(changed),
      finished: (done: Camera) => events.finished?.(done.config.id),
    }
    this.cameras = config.cameras.map((camera) => new Camera(camera, log, cameraEvents, this.clock))
  }

  start(): Promise<void> {
    this.started ??= this.run()
    return this.started
  }

  /** Stops capture, commits what is under way, sends what the broker takes within `drainMs`, says goodbye. */
  stop(drainMs = 3000): Promise<void> {
    this.stopped ??= this.shutDown(drainMs).finally(() => this.embedded?.stop())
    return this.stopped
  }

  /** As stop(), for an agent that comes after this one: it gets the embedded broker, and subscribers are told to wait for it. */
  async handOver(reason: string): Promise<EmbeddedBroker | undefined> {
    const { embedded } = this
    this.embedded = undefined
    this.stopped ??= this.shutDown(HAND_OVER_DRAIN_MS, ['starting', reason])
    await this.stopped
    return embedded
  }

  /** Execution provider that really runs, per graph. */
  get providers(): Record<string, string> {
    return this.engine?.providers ?? {}
  }

  get unpublished(): number {
    return this.archive.stats.outboxRows
  }

  private async run(): Promise<void> {
    const { config, log } = this
    this.archive.start()
    for (const { text, minFreeBytes } of unmetLimits(this.limits, config.stateDir)) {
      log.warn({ reason: text }, 'a limit of the archive cannot be met')
      if (minFreeBytes === undefined) continue
      this.unmet = text
      this.limits.minFreeBytes = minFreeBytes
    }
    await this.upkeep.begin()
    const url = config.mqtt.url ?? (await this.startBroker())
    this.brokerUrl = url
    const service = new Service(log)
    this.publisher = new Publisher(
      this.archive,
      { topics: this.topics, historyPerSecond: config.mqtt.historyPerSecond, nowMs: () => this.clock.now().timeMs },
      log,
      service,
    )
    this.publisher.onAcked = (ms, { cam, seq }) => {
      this.stages.add({ publish: ms })
      this.events.acked?.(cam, seq)
    }
    this.requests = new Requests(
      this.archive,
      this.topics,
      { ...namesOf(config.cameras, this.bundle), boot: this.boot },
      (frame) => messagesOf(frame, this.topics, true, this.clock.now().timeMs),
      (cam) => this.askKeyframes(cam),
      undefined,
      (request) => this.deliveries.answer(request),
    )
    this.presence = new Presence(
      { ...config.mqtt, url },
      this.topics,
      log,
      {
        connected: (link) => {
          this.publisher.attach(link)
          this.askKeyframes() // who listened before has missed some, and who listens from now on has none
        },
        lost: (loss) => this.publisher.detach(loss),
        request: (message, link) => this.answer(message, link),
      },
      {
        clientId: config.mqtt.clientId,
        announcedFile: join(config.stateDir, 'announced.json'),
        alsoHeard: config.homeAssistant ? [BIRTH_TOPIC] : [],
      },
      service,
    )
    const { archive, publisher, requests, stages, counts, lost, cameras, limits } = this
    const { clock, upkeep } = this
    const around = () => this.around()
    const made = { stages, counts, lost }
    this.health = new Health({
      boot: this.boot,
      cameras,
      archive,
      publisher,
      requests,
      ...made,
      limits,
      clock,
      upkeep,
      around,
    })
    this.announceInfo({})
    this.setState('starting')
    for (const camera of this.cameras) this.announceCamera(camera)
    this.watching.blank(this.clock.now().timeMs)
    if (config.homeAssistant)
      for (const [topic, entity] of discovery(config, this.bundle, this.topics)) this.presence.announce(topic, entity)
    this.presence.start()

    const orphans = endOrphans()
    if (orphans.length > 0) log.warn({ pids: orphans }, 'ended ffmpeg processes that an agent left when it was killed')
    const engine = await this.startEngine()
    this.pipeline = new Pipeline(
      {
        cameras: this.cameras,
        infer: (frame, wish) => engine.infer(frame, this.inferred.get(frame.cam.id)!, wish),
        watching: this.watching,
        timed: (stamp) => this.clock.again(stamp),
        commit: (frame) => this.commit(frame),
        committed: (result) => this.afterCommit(result),
        failed: (cam, error) => this.inferenceFailed(cam, error),
      },
      {
        dev: config.device,
        boot: this.boot,
        bundle: this.bundle,
        providers: engine.providers,
        publishBitstreams: config.mqtt.publishBitstreams,
        maxFrames: this.maxFrames ?? Number.POSITIVE_INFINITY,
      },
    )
    for (const camera of this.cameras) camera.start()
    this.announceInfo(engine.providers)
    this.running = true
    this.showState()
    this.summary = `${this.cameras.length} camera(s), ${this.bundle.manifest.id} on ${engine.providers.encoder}, broker ${addressOf(url)}`
    this.notifier.ready(this.summary)
    log.info(
      {
        device: config.device,
        boot: this.boot,
        providers: engine.providers,
        threads: engine.threads,
        broker: addressOf(url),
        archive: archive.path ?? 'none',
      },
      'running',
    )
    this.every(UPKEEP_MS, () => this.upkeep.run())
    this.every(CLOCK_MS, () => void this.clock.watch())
    this.every(UPKEEP_MS, () => this.health?.sample())
    this.deliveries.sweep()
    this.every(HOUR_MS, () => this.deliveries.sweep())
    this.every(config.healthSeconds * 1000, () => this.announceHealth())
    this.announceHealth()
  }

  private async startBroker(): Promise<string> {
    if (this.embedded) return this.embedded.url
    this.embedded = await startEmbeddedBroker(this.config.mqtt.embeddedPort).catch((error) => {
      throw noPort(this.config, error)
    })
    this.log.info(
      { url: this.embedded.url },
      'no mqtt.url configured: started an embedded broker, reachable from this machine only',
    )
    if (!this.embedded.asAsked)
      this.log.warn(
        { port: this.config.mqtt.embeddedPort, url: this.embedded.url },
        'the port is taken by another program: the embedded broker has another one',
      )
    return this.embedded.url
  }

  private async startEngine(): Promise<Engine> {
    const { config, log } = this
    this.engine = await Engine.start(
      workerSetup(config, this.bundle),
      enginesDir(config.stateDir),
      (text) => {
        log.info({ note: text }, 'networks')
        this.setState('starting', text)
        this.notifier.status(text)
        this.stepAt = performance.now()
      },
      (error) => {
        log.error({ reason: error.message }, 'the networks have ended')
        this.events.failed?.(new AgentError('engine', error.message, ExitCode.unexpected))
      },
      { script: this.workerScript, ending: this.ending.signal },
    )
    return this.engine
  }

  private commit(frame: NewFrame): Fate {
    this.waitingSince = undefined
    if (this.archive.commit(frame)) return 'stored'
    // The bitstream is lost, and counted; the results still reach whoever listens now.
    this.lost.commit++
    return this.publisher.sendUnstored(frame) ? 'sent' : 'lost'
  }

  private answer(message: Incoming, link: Link): void {
    if (isBirth(message.topic, message.payload)) {
      this.presence.repeat(discovery(this.config, this.bundle, this.topics).keys())
      return
    }
    this.requests.handle(
      message,
      (topic, payload, correlationData) => {
        const properties = { expirySeconds: ANSWER_EXPIRY_SECONDS, ...(correlationData && { correlationData }) }
        link
          .publish(topic, payload, { qos: 1, properties })
          .catch((error) => this.log.warn({ topic, reason: messageOf(error) }, 'answer not delivered'))
      },
      link.maximumPacketSize,
    )
  }

  private askKeyframes(cam?: string): void {
    for (const { config } of this.cameras)
      if (cam === undefined || config.id === cam) this.pipeline?.keyframes.ask(config.id)
  }

  private afterCommit(result: Committed): void {
    const counts = this.counts.get(result.cam) ?? noCounts()
    this.counts.set(result.cam, counts)
    counts.encoded++
    if (result.held === 'same') counts.held++
    if (result.held === 'rest') counts.rested++
    if (result.held === 'pressed') counts.pressed++
    if (result.leftOut) counts.leftOut++
    this.stages.add(result.ms)
    this.publisher.wake()
    this.events.committed?.(result)
  }

  private inferenceFailed(cam: string, error: Error): void {
    if (this.lost.inference++ === 0) this.log.error({ cam, reason: error.message }, 'a frame was lost in inference')
  }

  private cameraChanged(camera: Camera): void {
    const { state, reason } = camera.state
    this.log.info({ cam: camera.config.id, state, reason }, 'camera')
    this.announceCamera(camera)
    this.events.cameraState?.(camera)
  }

  private announceCamera(camera: Camera): void {
    this.presence?.announce(this.topics.camState(camera.config.id), { v: 1, ...camera.state })
  }

  private announceNow(cam: string, now: Now): void {
    this.presence.announce(this.topics.camNow(cam), now)
  }

  private announceInfo(providers: Record<string, string>): void {
    const { boot, bundle, config, presence } = this
    presence.announce(this.topics.info(), infoMessage(config, bundle, { boot, session: presence.session, providers }))
  }

  private setState(state: DeviceState, reason?: string): void {
    this.presence.setState(state, reason)
  }

  /** As it is, once the start is over. */
  private showState(): void {
    const reason = this.archive.reason ?? this.unmet ?? (this.upkeep.trouble || undefined)
    if (this.running) this.setState(reason === undefined ? 'online' : 'degraded', reason && `archive: ${reason}`)
  }

  private around(): Around {
    const { connectedSince, connects, reason, shown } = this.presence
    const broker = { connected: connectedSince !== undefined, connects, ...(reason && { reason }) }
    const { fell } = this
    const { manifest, sha256 } = this.bundle
    const bundle = {
      id: manifest.id,
      sha256,
      ...(fell && { fell_back: { from: fell.id, why: fell.why, at: fell.at } }),
    }
    return { ...shown, broker, bundle, faults: this.log.faults?.latest(FAULTS) ?? [] }
  }

  /** For whoever asks this box, and not the broker. */
  facts(): Omit<Facts, 'config' | 'pid'> {
    const { config, bundle, boot, providers } = this
    const shown = this.presence?.shown ?? { state: 'starting' as const }
    const cameras = this.cameras.map(({ config: { id }, state }) => ({ id, ...state }))
    return {
      v: 1,
      ...progress(this.phase, shown.reason ?? '', cameras),
      ...shown,
      device: config.device,
      version,
      boot,
      uptime_s: Math.round((performance.now() - this.madeAt) / 1000),
      state_dir: config.stateDir,
      bundle: bundle.manifest.id,
      providers,
      broker_url: this.brokerUrl && addressOf(this.brokerUrl),
      health: this.healthReport(),
    }
  }

  private healthReport(): HealthReport | null {
    try {
      return this.health?.report() ?? null
    } catch (error) {
      this.log.warn({ reason: messageOf(error) }, 'no health report')
      return null
    }
  }

  private announceHealth(): void {
    const report = this.healthReport()
    if (report) this.presence.announce(this.topics.health(), report)
  }

  /** starting: the networks are being opened. stuck: frames come in, and none has come out for long, or no step of the start is done. */
  get phase(): 'starting' | 'running' | 'stuck' {
    const now = performance.now()
    if (!this.running) return now - this.stepAt < STEP_MS ? 'starting' : 'stuck'
    const waiting = this.waitingSince !== undefined && now - this.waitingSince >= PROGRESS_MS
    const online = this.cameras.some((camera) => camera.state.state === 'online')
    return waiting && online ? 'stuck' : 'running'
  }

  private every(ms: number, action: () => void): void {
    this.timers.push(setInterval(action, ms))
  }

  private async shutDown(drainMs: number, goodbye: [DeviceState, string?] = ['stopped']): Promise<void> {
    this.ending.abort()
    await this.started?.catch(() => {})
    for (const timer of this.timers) clearInterval(timer)
    this.deliveries.stop()
    await Promise.all(this.cameras.map((camera) => camera.stop()))
    await this.pipeline?.drain()
    await this.engine?.stop()
    if (this.publisher) {
      const deadline = performance.now() + drainMs
      while (this.presence.connectedSince && this.unpublished > 0 && performance.now() < deadline) {
        this.publisher.wake()
        this.publisher.flush()
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      this.watching.blank(this.clock.now().timeMs)
      await this.presence.stop(...goodbye)
      this.publisher.detach()
    }
    this.upkeep.end()
    this.archive.stop()
  }
}

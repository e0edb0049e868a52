/**
 * Keeps one connection to the broker alive, and on every connection says again all that is retained: state, info, camera
 * states, health. Retained messages may be gone after a broker's restart. What is retained of names that are gone is taken back.
 */
import { randomBytes } from 'node:crypto'
import { Backoff } from '../../contract/backoff.js'
import type { DeviceState } from '../../contract/messages.js'
import { requestVerbs, type Topics } from '../../contract/topics.js'
import { messageOf } from '../errors.js'
import type { Log } from '../log.js'
import { Announced } from './announced.js'
import { Branches } from './branches.js'
import { Concessions } from './concessions.js'
import { addressOf, type Broker, type Incoming, Link, LinkError, type Loss } from './mqtt.js'
import { Service } from './service.js'
import { Suspects } from './suspects.js'

/** A short loss of the network is no reason to call the box offline; a subscriber need not wait long to know either. */
const WILL_DELAY_SECONDS = 15
/** A connection that has held so long is a good one. */
const STEADY_MS = 30_000
/** A broker that hangs must not keep the agent from stopping. */
const GOODBYE_MS = 2000
/** Where nothing is retained, who comes later hears the states this often. Also when refused topics are looked at again. */
const REFRESH_MS = 60_000
/** The last will of the agent that had a name before this one comes this late at most: dead for 1.5 keep-alives, then the delay. */
const LATE_WILL_MS = 90_000
/** A fault that lasts so long makes the device degraded. */
const DEGRADED_MS = 60_000

export interface PresenceEvents {
  connected(link: Link): void
  lost(loss?: Loss): void
  request(message: Incoming, link: Link): void
}

export interface PresenceOptions {
  /** Default: blindsight-DEVICE. */
  readonly clientId?: string | undefined
  /** Where the names of retained topics are kept across restarts. */
  readonly announcedFile?: string | undefined
  /** Topics of others to be heard, where they may be. */
  readonly alsoHeard?: readonly string[] | undefined
  readonly refreshMs?: number
  readonly lateWillMs?: number
  readonly degradedMs?: number
}

export class Presence {
  readonly session = randomBytes(8).toString('hex')
  connectedSince: string | undefined
  lastError = ''
  connects = 0
  private link: Link | undefined
  private running = false
  private retry: NodeJS.Timeout | undefined
  private steady: NodeJS.Timeout | undefined
  private refreshing: NodeJS.Timeout | undefined
  private lateWill: NodeJS.Timeout | undefined
  private connecting: Promise<void> | undefined
  private state: { state: DeviceState; reason?: string | undefined } | undefined
  private readonly retained = new Map<string, string>()
  private readonly backoff = new Backoff(500, 30_000)
  private readonly announced: Announced
  private readonly branches = new Branches()
  private readonly suspects = new Suspects<{ readonly key: string }>()
  private readonly concessions = new Concessions()
  /** Retained topics under way, in the order of sending. */
  private readonly flights = new Set<string>()

  constructor(
    private readonly broker: Broker,
    private readonly topics: Topics,
    private readonly log: Log,
    private readonly events: PresenceEvents,
    private readonly options: PresenceOptions = {},
    readonly service = new Service(log),
  ) {
    this.announced = new Announced(options.announcedFile)
  }

  start(): void {
    if (this.running) return
    this.running = true
    this.connecting = this.connect()
    this.refreshing = setInterval(() => this.refresh(), this.options.refreshMs ?? REFRESH_MS)
  }

  /** Remembers a retained message and publishes it now, if connected, and on every later connection. */
  announce(topic: string, payload: object): void {
    const message = JSON.stringify(payload)
    this.retained.set(topic, message)
    if (this.link) void this.say(this.link, topic, message)
  }

  /** A name is gone: who comes later is to find nothing under it. */
  retire(topic: string): void {
    this.retained.delete(topic)
    if (this.link) void this.takeBack(this.link, topic)
  }

  /** Says again what is retained, for somebody who has just come. */
  repeat(topics: Iterable<string>): void {
    for (const topic of topics) {
      const message = this.retained.get(topic)
      if (this.link && message) void this.say(this.link, topic, message)
    }
  }

  setState(state: DeviceState, reason?: string): void {
    this.state = { state, reason }
    this.announceState()
  }

  /** The state, as subscribers are told it. */
  get shown(): { readonly state: DeviceState; readonly reason?: string | undefined } {
    const own = this.state ?? { state: 'starting' }
    if (own.state !== 'online') return own
    const fault = this.service.lasting(this.options.degradedMs ?? DEGRADED_MS)
    return fault ? { state: 'degraded', reason: `broker: ${fault}` } : own
  }

  /** What the broker does not allow, or why it is not there; null: all is well. */
  get reason(): string | null {
    if (!this.connectedSince) return this.lastError || 'not connected yet'
    return this.service.reasons.join(' · ') || null
  }

  /** Says goodbye, with `last` as the retained state. */
  async stop(last: DeviceState = 'stopped', why?: string): Promise<void> {
    if (!this.running) return
    this.running = false
    clearTimeout(this.retry)
    clearTimeout(this.steady)
    clearTimeout(this.lateWill)
    clearInterval(this.refreshing)
    await within(GOODBYE_MS, this.connecting)
    const state = this.stateMessage(last, why)
    const { link } = this
    if (link) {
      const said = link.publish(this.topics.state(), JSON.stringify(state), { qos: 1, retain: true }).catch(() => {})
      await within(
        GOODBYE_MS,
        said.then(() => link.end()),
      )
      link.drop()
    }
    this.link = undefined
  }

  private get clientId(): string {
    return this.options.clientId ?? `blindsight-${this.topics.dev}`
  }

  private async connect(): Promise<void> {
    const will = {
      topic: this.topics.state(),
      payload: JSON.stringify(this.stateMessage('offline')),
      delaySeconds: WILL_DELAY_SECONDS,
    }
    try {
      const link = await Link.connect(this.broker, this.clientId, will, this.concessions.wishes)
      if (!this.running) return link.drop()
      await this.arrived(link)
    } catch (error) {
      const reason = messageOf(error)
      if (reason !== this.lastError)
        this.log.error({ reason }, 'not connected to the broker; capture and archive go on')
      this.lastError = reason
      this.again()
    }
  }

  private async arrived(link: Link): Promise<void> {
    link.onLost((reason, loss) => this.left(reason, loss))
    link.onMessage((message) => this.events.request(message, link))
    this.connects++
    this.connectedSince = new Date().toISOString()
    this.lastError = ''
    this.branches.connected()
    const mqtt = link.protocol === 5 ? '5' : '3.1.1'
    this.log.info({ broker: addressOf(this.broker.url), mqtt }, 'connected to the broker')
    this.lookAtTerms(link)
    this.announceState()
    this.link = link
    await Promise.all([this.sayAll(link), this.subscribe(link)])
    if (this.link !== link) return
    // Not at once: a broker that takes us and hangs up again is not to be asked twice a second for ever.
    this.steady = setTimeout(() => this.backoff.reset(), STEADY_MS)
    await this.takeBackGone(link)
    if (this.link === link) this.events.connected(link)
  }

  private left(reason: string, loss: Loss): void {
    clearTimeout(this.steady)
    clearTimeout(this.lateWill)
    const [first] = this.flights
    if (loss.refused) this.branches.hungUp(loss.refused.topic)
    else if (loss.hungUp && first !== undefined) this.strike(first, loss)
    this.flights.clear()
    this.link = undefined
    this.connectedSince = undefined
    this.lastError = reason
    this.log.warn({ reason }, 'connection to the broker lost; capture and archive go on')
    this.events.lost(loss)
    this.again()
  }

  private strike(topic: string, { reason }: Loss): void {
    if (this.concessions.strike(reason)) return
    const verdict = this.suspects.strike({ key: topic }, reason)
    if (!verdict) return
    this.branches.refused(topic, 'hang_up')
    this.service.reduced(topic, "the broker hangs up on messages of this topic; allow this box's user to write it")
  }

  /** Says what this broker will not do for us. */
  private lookAtTerms(link: Link): void {
    const { terms, retainAvailable, maximumQoS } = link
    const limit = (key: string, full: boolean, reason: string) =>
      full ? this.service.restored(key) : this.service.reduced(key, reason, { limit: true })
    limit(
      'last will',
      terms.will !== undefined,
      `the broker does not take a last will on ${this.topics.state()}: nobody is told when this box dies; allow its user to write there`,
    )
    limit(
      'retained messages',
      retainAvailable,
      'the broker keeps none: states are said again every minute; allow them in the broker (mosquitto: retain_available true)',
    )
    limit(
      'QoS',
      maximumQoS === 1,
      'the broker takes QoS 0 only: what it has read is known from its answers to pings, what it passes on may be lost; allow QoS 1 (mosquitto: max_qos 2)',
    )
    limit(
      'client id',
      terms.clientId !== '' || this.clientId === '',
      `the broker does not take ${this.clientId} and made one itself; set mqtt.clientId to one that it takes`,
    )
  }

  /** One by one where the broker has hung up before, so that it shows on what. */
  private async sayAll(link: Link): Promise<void> {
    const careful = this.suspects.current !== undefined || this.concessions.careful
    const said: Promise<void>[] = []
    for (const [topic, message] of this.retained) {
      if (this.link !== link) return
      const one = this.say(link, topic, message)
      if (careful) await one
      said.push(one)
    }
    await Promise.all(said)
  }

  private async say(link: Link, topic: string, payload: string): Promise<void> {
    const state = this.branches.state(topic)
    if (state === 'held') return
    this.branches.trying(topic)
    if (link.retainAvailable) this.announced.add(topic)
    this.flights.add(topic)
    try {
      // QoS 1, health too: a refusal of QoS 0 would not be heard of.
      await link.publish(topic, payload, { qos: 1, retain: true })
      this.concessions.taken()
      this.suspects.taken({ key: topic })
      if (this.branches.taken(topic)) this.service.restored(topic)
    } catch (error) {
      if (!(error instanceof LinkError) || error.code === 'lost') return
      this.branches.refused(topic, error.reason ?? 0)
      this.service.reduced(topic, error.message)
    } finally {
      if (this.link === link) this.flights.delete(topic)
    }
  }

  private async subscribe(link: Link): Promise<void> {
    for (const topic of this.options.alsoHeard ?? [])
      link.subscribe(topic).then(
        () => this.service.restored(topic),
        (error: LinkError) =>
          error.code === 'rejected' &&
          this.service.reduced(topic, `${error.message}; allow this box's user to read it`),
      )
    const all = this.topics.request('+')
    const refusal = (filter: string) =>
      link.subscribe(filter).then(
        () => undefined,
        (error: LinkError) => (error.code === 'rejected' ? error.message : undefined),
      )
    if (link.wildcards && !(await refusal(all))) return this.service.restored(all)
    // Without the wildcard, the verbs by name: an access list may have them so, too.
    const refused = await Promise.all(requestVerbs.map((verb) => refusal(this.topics.request(verb))))
    const first = refused.find((reason) => reason !== undefined)
    if (first === undefined) return this.service.restored(all)
    this.service.reduced(all, `${first}; until then the box answers no such requests`)
  }

  private refresh(): void {
    const { link } = this
    if (!link) return
    this.announceState()
    for (const [topic, message] of this.retained)
      if (!link.retainAvailable || this.branches.state(topic) === 'due') void this.say(link, topic, message)
    if (this.service.reasons.some((reason) => reason.startsWith(this.topics.request('+')))) void this.subscribe(link)
  }

  /** Retained messages of cameras and names that this box had before. */
  private async takeBackGone(link: Link): Promise<void> {
    const own = new Set([...this.retained.keys(), this.topics.state(), this.topics.info(), this.topics.health()])
    const gone = this.announced.topics.filter((topic) => !own.has(topic))
    if (gone.length === 0 || !link.retainAvailable) return
    await Promise.all(gone.map((topic) => this.takeBack(link, topic, false)))
    this.log.info({ topics: gone }, 'retained messages of names that are gone are taken back')
    this.lateWill = setTimeout(() => {
      for (const topic of gone) void this.takeBack(link, topic)
    }, this.options.lateWillMs ?? LATE_WILL_MS)
    this.lateWill.unref()
  }

  private async takeBack(link: Link, topic: string, done = true): Promise<void> {
    try {
      await link.publish(topic, '', { qos: 1, retain: true })
      if (done) this.announced.remove(topic)
    } catch (error) {
      this.log.debug({ topic, reason: messageOf(error) }, 'could not be taken back; tried again on the next connection')
    }
  }

  private announceState(): void {
    if (!this.state) return
    const message = this.stateMessage(this.shown.state, this.shown.reason)
    const { ts: _, ...said } = message
    const before = this.retained.get(this.topics.state())
    const same = before && JSON.stringify({ ...JSON.parse(before), ts: undefined }) === JSON.stringify(said)
    if (!same) this.announce(this.topics.state(), message)
  }

  private again(): void {
    if (!this.running) return
    const wait = this.backoff.next()
    this.log.debug({ retryMs: wait }, 'will connect again')
    this.retry = setTimeout(() => {
      this.connecting = this.connect()
    }, wait)
  }

  private stateMessage(state: DeviceState, reason?: string) {
    return { v: 1, state, session: this.session, ts: new Date().toISOString(), ...(reason && { reason }) }
  }
}

async function within(ms: number, work: Promise<unknown> | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}

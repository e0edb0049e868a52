/**
 * Keeps one connection to the broker alive, and on every connection says again all that is retained: state, info, camera
 * states, health. Retained messages may be gone after a broker's restart.
 */
import { randomBytes } from 'node:crypto'
import type { DeviceState } from '../../contract/messages.js'
import type { Topics } from '../../contract/topics.js'
import { Backoff } from '../backoff.js'
import { messageOf } from '../errors.js'
import type { Log } from '../log.js'
import { type Broker, type Incoming, Link } from './mqtt.js'

/** A short loss of the network is no reason to call the box offline; a subscriber need not wait long to know either. */
const WILL_DELAY_SECONDS = 15
/** A connection that has held so long is a good one. */
const STEADY_MS = 30_000
/** A broker that hangs must not keep the agent from stopping. */
const GOODBYE_MS = 2000

export interface PresenceEvents {
  connected(link: Link): void
  lost(): void
  request(message: Incoming, link: Link): void
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
  private connecting: Promise<void> | undefined
  private readonly retained = new Map<string, { payload: string; qos: 0 | 1 }>()
  private readonly backoff = new Backoff(500, 30_000)

  constructor(
    private readonly broker: Broker,
    private readonly topics: Topics,
    private readonly log: Log,
    private readonly events: PresenceEvents,
  ) {}

  start(): void {
    if (this.running) return
    this.running = true
    this.connecting = this.connect()
  }

  /** Remembers a retained message and publishes it now, if connected, and on every later connection. */
  announce(topic: string, payload: object, qos: 0 | 1 = 1): void {
    const text = JSON.stringify(payload)
    this.retained.set(topic, { payload: text, qos })
    this.link
      ?.publish(topic, text, { qos, retain: true })
      .catch((error) => this.log.debug({ topic, reason: messageOf(error) }, 'not announced'))
  }

  setState(state: DeviceState, reason?: string): void {
    this.announce(this.topics.state(), this.stateMessage(state, reason))
  }

  /** Says goodbye, with `last` as the retained state. */
  async stop(last: DeviceState = 'stopped', why?: string): Promise<void> {
    if (!this.running) return
    this.running = false
    clearTimeout(this.retry)
    clearTimeout(this.steady)
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

  private async connect(): Promise<void> {
    const will = {
      topic: this.topics.state(),
      payload: JSON.stringify(this.stateMessage('offline')),
      delaySeconds: WILL_DELAY_SECONDS,
    }
    try {
      const link = await Link.connect(this.broker, `blindsight-${this.topics.dev}`, will)
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
    link.onLost((reason) => {
      clearTimeout(this.steady)
      this.link = undefined
      this.connectedSince = undefined
      this.lastError = reason
      this.log.warn({ reason }, 'connection to the broker lost; capture and archive go on')
      this.events.lost()
      this.again()
    })
    link.onMessage((message) => this.events.request(message, link))
    this.link = link
    this.connects++
    this.connectedSince = new Date().toISOString()
    this.lastError = ''
    this.log.info({ broker: this.broker.url, mqtt: link.protocol === 5 ? '5' : '3.1.1' }, 'connected to the broker')
    const announced = [...this.retained].map(([topic, { payload, qos }]) =>
      link.publish(topic, payload, { qos, retain: true }),
    )
    const results = await Promise.allSettled([...announced, link.subscribe(this.topics.request('+'))])
    for (const result of results) {
      if (result.status === 'rejected')
        this.log.warn({ reason: messageOf(result.reason) }, 'the broker did not take everything')
    }
    // Not at once: a broker that takes us and hangs up again is not to be asked twice a second for ever.
    this.steady = setTimeout(() => this.backoff.reset(), STEADY_MS)
    if (this.link === link) this.events.connected(link)
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

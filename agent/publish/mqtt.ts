/**
 * The only file of the agent that knows MQTT.js. One Link is one connection: it is made, used and thrown away; coming back
 * after a loss is the caller's (presence.ts), because the library reconnects at fixed intervals and fails pending sends.
 */
import { createRequire } from 'node:module'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import { messageOf } from '../errors.js'
import { PACKET_TOO_LARGE, reasonOf } from './reasons.js'
import { bestTerms, type Terms, weakerTerms } from './terms.js'
import { explainTls, readCredentials, type TlsFiles } from './tls.js'

export interface Broker extends TlsFiles {
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly keepaliveSeconds: number
}

export interface Will {
  readonly topic: string
  readonly payload: string
  /** Seconds the broker waits before it publishes the will (MQTT 5). */
  readonly delaySeconds: number
}

export interface Properties {
  readonly contentType?: string
  readonly correlationData?: Buffer
  readonly expirySeconds?: number
  readonly user?: Record<string, string>
}

export interface Incoming {
  readonly topic: string
  readonly payload: Buffer
  readonly responseTopic?: string | undefined
  readonly correlationData?: Buffer | undefined
}

export interface Loss {
  /** The other end closed the connection, as brokers do with what they do not take. */
  readonly hungUp: boolean
  /** Reason code of its DISCONNECT. */
  readonly reason?: number | undefined
  /** It hung up behind its refusal of this message, as mosquitto 2.0.11 does where max_queued_messages is 0; no other is to blame. */
  readonly refused?: Refused | undefined
}

export interface Refused {
  readonly topic: string
  readonly bytes: number
}

export class LinkError extends Error {
  override readonly name = 'LinkError'
  constructor(
    readonly code: 'unreachable' | 'hung_up' | 'refused' | 'protocol' | 'lost' | 'too_large' | 'rejected',
    message: string,
    /** Reason code, of `refused` and `rejected`. */
    readonly reason?: number,
  ) {
    super(message)
  }
}

const CONNECT_TIMEOUT_MS = 10_000
/** A broker that answers pings and acknowledges nothing for so long has forgotten what it was sent. */
const ACK_TIMEOUT_MS = 60_000
/** Beside topic and payload: fixed header, packet id, lengths and properties without the user's. */
const PACKET_OVERHEAD = 256
/** Reason codes of DISCONNECT that say nothing about a message: busy, shutting down, keep-alive, taken over, an operator, another server, rates and times. */
const NO_MESSAGE = new Set([0x88, 0x89, 0x8b, 0x8d, 0x8e, 0x96, 0x98, 0x9c, 0x9d, 0x9f, 0xa0])
/** Reason codes of CONNACK that mean "not this protocol version": 1 in MQTT 3, 0x84 in MQTT 5. */
const PROTOCOL_REFUSED = new Set([1, 132])
/** Messages that wait for the broker's receive maximum. Only answers and states do; results have a window of their own. */
const MOST_WAITING = 1000

acceptAllReasons()

export interface Wishes {
  /** 0 for a broker that hangs up on QoS 1. */
  readonly qos?: 0 | 1
  readonly retain?: boolean
  readonly ackTimeoutMs?: number
}

export class Link {
  /** Filters of a subscription may have wildcards. */
  readonly wildcards: boolean
  /** Largest packet the broker takes, bytes: as it said, or as it turned out. */
  maximumPacketSize: number
  /** Messages that may be unacknowledged at once. */
  readonly receiveMaximum: number
  readonly retainAvailable: boolean
  readonly maximumQoS: 0 | 1
  private readonly pending = new Set<(error: Error) => void>()
  private readonly waiting: (() => void)[] = []
  private unacknowledged = 0
  private lost: ((reason: string, loss: Loss) => void) | undefined
  private handler: ((message: Incoming) => void) | undefined
  private gone: LinkError | undefined
  private pings = 0
  private pongs = 0
  private pingDue = false
  private readonly confirming: { readonly pong: number; done(): void }[] = []
  private lastAck = performance.now()
  /** The last answer to a message, if that was a refusal. */
  private refused: Refused | undefined
  private watch: NodeJS.Timeout | undefined

  private constructor(
    private readonly client: MqttClient,
    readonly terms: Terms,
    granted: {
      maximumPacketSize?: number
      receiveMaximum?: number
      retainAvailable?: boolean
      maximumQoS?: number
      wildcardSubscriptionAvailable?: boolean
    },
    private readonly wishes: Wishes,
  ) {
    this.maximumPacketSize = granted.maximumPacketSize ?? 268_435_455
    this.receiveMaximum = granted.receiveMaximum ?? 65_535
    this.retainAvailable = (granted.retainAvailable ?? true) && (wishes.retain ?? true)
    this.maximumQoS = granted.maximumQoS === 0 || wishes.qos === 0 ? 0 : 1
    this.wildcards = granted.wildcardSubscriptionAvailable ?? true
  }

  get protocol(): 4 | 5 {
    return this.terms.protocol
  }

  /** With the best terms that this broker takes. @throws {LinkError} with a message that names the broker and the reason */
  static async connect(broker: Broker, clientId: string, will: Will, wishes: Wishes = {}): Promise<Link> {
    let terms = bestTerms(clientId)
    let first: LinkError | undefined
    for (;;) {
      try {
        return await Link.connectWith(terms, broker, will, wishes)
      } catch (error) {
        if (!(error instanceof LinkError)) throw error
        // What was said to the first attempt is what is wrong, unless that was the version.
        if (first === undefined || first.code === 'protocol' || first.code === 'hung_up') first = error
        const weaker = weakerTerms(terms, error)
        if (!weaker) throw first
        terms = weaker
      }
    }
  }

  private static connectWith(terms: Terms, broker: Broker, will: Will, wishes: Wishes): Promise<Link> {
    const { protocol } = terms
    return new Promise((resolve, reject) => {
      const client = mqtt.connect(broker.url, optionsOf(terms, broker, will))
      let settled = false
      let reason = 'it closed the connection without a word'
      let said: { serverReference?: string; reasonString?: string } = {}
      const give = (error: LinkError) => {
        if (settled) return
        settled = true
        client.end(true)
        reject(error)
      }
      client.on('packetreceive', (packet) => {
        if (packet.cmd === 'connack') said = packet.properties ?? {}
      })
      const onError = (error: Error) => {
        const { code } = error as { code?: unknown }
        if (typeof code === 'number' && PROTOCOL_REFUSED.has(code) && protocol === 5)
          return give(new LinkError('protocol', error.message))
        if (typeof code === 'number') {
          const why = reasonOf(code, 'connection', { server: said.serverReference, text: said.reasonString })
          return give(
            new LinkError('refused', `${addressOf(broker.url)}: the broker refused the connection: ${why}`, code),
          )
        }
        reason = explainTls(error, broker) ?? wordsOf(error)
        if (code !== 'ECONNRESET' && code !== 'EPIPE')
          give(new LinkError('unreachable', `${addressOf(broker.url)}: cannot connect: ${reason}`))
      }
      const onClose = () => give(new LinkError('hung_up', `${addressOf(broker.url)}: cannot connect: ${reason}`))
      client.on('error', onError)
      client.on('close', onClose)
      client.once('connect', (connack) => {
        if (settled) return
        settled = true
        const link = new Link(client, terms, connack.properties ?? {}, wishes)
        link.listen()
        client.off('error', onError)
        client.off('close', onClose)
        resolve(link)
      })
    })
  }

  onLost(handler: (reason: string, loss: Loss) => void): void {
    this.lost = handler
  }

  onMessage(handler: (message: Incoming) => void): void {
    this.handler = handler
  }

  /**
   * Resolves once the broker has the message: with its PUBACK, or, where it takes QoS 0 only, with the answer to a ping sent
   * behind the message. @throws {LinkError}
   */
  async publish(
    topic: string,
    payload: string | Uint8Array,
    options: { qos: 0 | 1; retain?: boolean; properties?: Properties },
  ): Promise<void> {
    const body =
      typeof payload === 'string'
        ? Buffer.from(payload)
        : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
    const bytes = sizeOf(topic, body, options.properties)
    if (bytes > this.maximumPacketSize)
      throw new LinkError(
        'too_large',
        `${topic}: ${body.length} bytes, the broker takes packets of ${this.maximumPacketSize}`,
      )
    const retain = (options.retain ?? false) && this.retainAvailable
    const properties =
      this.protocol === 5 ? { properties: toMqtt(options.properties, typeof payload === 'string') } : {}
    if (options.qos === 0 || this.maximumQoS === 0) {
      return this.untilLost((done) => {
        this.client.publish(topic, body, { qos: 0, retain, ...properties }, (error) => {
          if (error) done(new LinkError('lost', error.message))
          else this.confirm(done)
        })
      })
    }
    await this.slot()
    try {
      await this.untilLost((done) => {
        this.client.publish(topic, body, { qos: 1, retain, ...properties }, (error, packet) => {
          this.lastAck = performance.now()
          if (!error) {
            this.refused = undefined
            return done()
          }
          const { code } = error as { code?: unknown }
          if (typeof code !== 'number' || code < 128) return done(new LinkError('lost', error.message))
          this.refused = { topic, bytes }
          if (code === PACKET_TOO_LARGE) this.maximumPacketSize = Math.min(this.maximumPacketSize, bytes - 1)
          const text = (packet as { properties?: { reasonString?: string } } | undefined)?.properties?.reasonString
          const why = reasonOf(code, 'message', { ...(text && { text }) })
          done(new LinkError('rejected', `${topic}: the broker did not take the message: ${why}`, code))
        })
      })
    } finally {
      this.unacknowledged--
      this.waiting.shift()?.()
    }
  }

  subscribe(filter: string): Promise<void> {
    return this.untilLost((done) => {
      this.client.subscribe(filter, { qos: 1 }, (error, granted, packet) => {
        const codes = packet?.granted ?? granted?.map(({ qos }) => qos) ?? []
        const refused = codes.map(Number).find((code) => code >= 128)
        if (refused === undefined && !error) return done()
        if (refused === undefined) return done(new LinkError('lost', error!.message))
        const why = reasonOf(refused, 'filter')
        done(new LinkError('rejected', `${filter}: the broker refused the subscription: ${why}`, refused))
      })
    })
  }

  /** Says goodbye, so that the broker keeps the will to itself. */
  async end(): Promise<void> {
    this.lost = undefined
    clearInterval(this.watch)
    await this.client.endAsync().catch(() => {})
  }

  /** Ends the connection without a word. */
  drop(): void {
    clearInterval(this.watch)
    this.client.end(true)
  }

  private listen(): void {
    let reason = 'the connection was lost'
    let loss: Loss = { hungUp: true }
    const fail = (why: string, hungUp: boolean) => {
      reason = why
      loss = { hungUp }
      // After an error the library reads no further: the connection would stay, deaf.
      this.client.end(true)
    }
    this.client.on('error', (error) => {
      const { code } = error as { code?: unknown }
      fail(wordsOf(error), code === 'ECONNRESET' || code === 'EPIPE')
    })
    this.client.on('disconnect', ({ reasonCode = 0, properties }) => {
      const { reasonString, serverReference } = properties ?? {}
      const why = reasonOf(reasonCode, 'connection', { text: reasonString, server: serverReference as string })
      reason = reasonCode ? `the broker disconnected: ${why}` : 'the broker disconnected'
      loss = { hungUp: !NO_MESSAGE.has(reasonCode), ...(reasonCode && { reason: reasonCode }) }
    })
    this.client.on('message', (topic, payload, packet) => {
      const { responseTopic, correlationData } = packet.properties ?? {}
      this.handler?.({ topic, payload, responseTopic, correlationData })
    })
    this.client.on('packetsend', ({ cmd }) => void (cmd === 'pingreq' && this.pings++))
    this.client.on('packetreceive', ({ cmd }) => void (cmd === 'pingresp' && this.pong()))
    this.client.once('close', () => {
      clearInterval(this.watch)
      this.gone = new LinkError('lost', reason)
      for (const give of this.pending) give(this.gone)
      this.pending.clear()
      for (const start of this.waiting.splice(0)) start()
      this.client.end(true)
      this.lost?.(reason, loss.hungUp ? { ...loss, refused: this.refused } : loss)
    })
    const timeout = this.wishes.ackTimeoutMs ?? ACK_TIMEOUT_MS
    this.watch = setInterval(() => {
      if (this.pending.size === 0) this.lastAck = performance.now()
      else if (performance.now() - this.lastAck > timeout)
        fail(`the broker acknowledged nothing for ${Math.round(timeout / 1000)} s`, false)
    }, timeout / 6)
    this.watch.unref()
  }

  /** Waits for the broker's receive maximum. */
  private slot(): Promise<void> | undefined {
    this.unacknowledged++
    if (this.unacknowledged <= this.receiveMaximum) return undefined
    if (this.waiting.length >= MOST_WAITING) {
      this.unacknowledged--
      throw new LinkError('rejected', 'too many messages wait for the broker', 0x97)
    }
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  /** A broker reads in order: when it answers a ping it has read what was sent before. One ping for all of a turn. */
  private confirm(done: () => void): void {
    if (!this.pingDue) {
      this.pingDue = true
      setImmediate(() => {
        this.pingDue = false
        if (!this.gone && !this.client.disconnecting) this.client.sendPing()
      })
    }
    this.confirming.push({ pong: this.pings + 1, done })
  }

  private pong(): void {
    this.pongs++
    this.lastAck = performance.now()
    this.refused = undefined // it went on after that
    while (this.confirming[0] && this.confirming[0].pong <= this.pongs) this.confirming.shift()!.done()
  }

  /** The library leaves callbacks of a broken connection uncalled; the close of the connection settles them here. */
  private untilLost(start: (done: (error?: Error) => void) => void): Promise<void> {
    if (this.gone) return Promise.reject(this.gone)
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        this.pending.delete(fail)
        reject(error)
      }
      if (this.pending.size === 0) this.lastAck = performance.now()
      this.pending.add(fail)
      start((error) => {
        if (error) return fail(error)
        this.pending.delete(fail)
        resolve()
      })
    })
  }
}

function optionsOf({ protocol, clientId, will: asked }: Terms, broker: Broker, will: Will): IClientOptions {
  const { username, password, url } = broker
  let credentials: ReturnType<typeof readCredentials>
  try {
    credentials = readCredentials(broker)
  } catch (error) {
    throw new LinkError('unreachable', `${addressOf(url)}: cannot connect: ${messageOf(error)}`)
  }
  const { hostname, protocol: scheme } = new URL(url)
  return {
    protocolVersion: protocol,
    clientId,
    clean: true,
    reconnectPeriod: 0,
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepalive: broker.keepaliveSeconds,
    // Otherwise everything that is sent puts off the ping that would find a dead connection.
    reschedulePings: false,
    resubscribe: false,
    queueQoSZero: false,
    // The library would look up an address of IPv6 with its brackets on.
    ...(!scheme.startsWith('ws') && { hostname: hostname.replace(/^\[|\]$/g, '') }),
    ...(asked && {
      will: {
        topic: will.topic,
        payload: Buffer.from(will.payload),
        ...asked,
        ...(protocol === 5 && {
          properties: { willDelayInterval: will.delaySeconds, contentType: 'application/json' },
        }),
      },
    }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...credentials,
  }
}

/** An address for people: nothing in it that a user name, a password or a token may stand in. */
export function addressOf(url: string): string {
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname.length > 1 ? pathname : ''}`
}

function wordsOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException
  const message = error.message || code || String(error)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `its name is not known to the network's DNS (${message})`
  if (message === 'connack timeout') return `it did not answer within ${CONNECT_TIMEOUT_MS / 1000} s`
  if (message === 'Keepalive timeout') return 'it has not answered a ping for longer than the keep-alive time'
  return message
}

export function sizeOf(topic: string, payload: string | Uint8Array, properties?: Properties): number {
  const user = Object.entries(properties?.user ?? {}).reduce((n, [key, value]) => n + key.length + value.length + 5, 0)
  return Buffer.byteLength(topic) + Buffer.byteLength(payload) + user + PACKET_OVERHEAD
}

function toMqtt(properties: Properties | undefined, text: boolean) {
  return {
    payloadFormatIndicator: text,
    contentType: properties?.contentType ?? 'application/json',
    ...(properties?.correlationData && { correlationData: properties.correlationData }),
    ...(properties?.expirySeconds && { messageExpiryInterval: properties.expirySeconds }),
    ...(properties?.user && { userProperties: properties.user }),
  }
}

/**
 * The library's parser stops for ever at a reason code that its tables do not have; brokers answer such (mosquitto's
 * message_size_limit: PUBACK 0x95). Every refusal gets an entry.
 */
function acceptAllReasons(): void {
  const library = createRequire(createRequire(import.meta.url).resolve('mqtt'))
  const tables = library('mqtt-packet/constants.js') as Record<string, Record<number, string>>
  for (const name of ['MQTT5_PUBACK_PUBREC_CODES', 'MQTT5_SUBACK_CODES', 'MQTT5_DISCONNECT_CODES'])
    for (let code = 0x80; code < 0x100; code++) tables[name]![code] ??= 'unknown'
}

/**
 * The only file of the agent that knows MQTT.js. One Link is one connection: it is made, used and thrown away; coming back
 * after a loss is the caller's (presence.ts), because the library reconnects at fixed intervals and fails pending sends.
 */
import { readFileSync } from 'node:fs'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'

export interface Broker {
  readonly url: string
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly caFile?: string | undefined
  readonly certFile?: string | undefined
  readonly keyFile?: string | undefined
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

export class LinkError extends Error {
  override readonly name = 'LinkError'
  constructor(
    readonly code: 'unreachable' | 'refused' | 'protocol' | 'lost' | 'too_large' | 'rejected',
    message: string,
    /** MQTT 5 reason code, of `rejected`. */
    readonly reason?: number,
  ) {
    super(message)
  }
}

const CONNECT_TIMEOUT_MS = 10_000
/** Reason codes of CONNACK that mean "not this protocol version": 1 in MQTT 3, 0x84 in MQTT 5. */
const PROTOCOL_REFUSED = new Set([1, 132])

export class Link {
  private readonly pending = new Set<(error: Error) => void>()
  private lost: ((reason: string) => void) | undefined
  private handler: ((message: Incoming) => void) | undefined
  private gone: LinkError | undefined

  private constructor(
    private readonly client: MqttClient,
    readonly protocol: 4 | 5,
    /** Largest packet the broker takes, bytes. */
    readonly maximumPacketSize: number,
    /** Messages that may be unacknowledged at once. */
    readonly receiveMaximum: number,
    private readonly retainAvailable: boolean,
    private readonly maximumQoS: 0 | 1,
  ) {}

  /** @throws {LinkError} with a message that names the broker and the reason */
  static async connect(broker: Broker, clientId: string, will: Will): Promise<Link> {
    try {
      return await Link.connectWith(5, broker, clientId, will)
    } catch (error) {
      if (!(error instanceof LinkError) || error.code !== 'protocol') throw error
      return Link.connectWith(4, broker, clientId, will)
    }
  }

  private static connectWith(protocol: 4 | 5, broker: Broker, clientId: string, will: Will): Promise<Link> {
    const read = (file: string | undefined) => (file ? readFileSync(file) : undefined)
    const options: IClientOptions = {
      protocolVersion: protocol,
      clientId,
      clean: true,
      reconnectPeriod: 0,
      connectTimeout: CONNECT_TIMEOUT_MS,
      keepalive: broker.keepaliveSeconds,
      resubscribe: false,
      queueQoSZero: false,
      will: {
        topic: will.topic,
        payload: Buffer.from(will.payload),
        qos: 1,
        retain: true,
        ...(protocol === 5 && {
          properties: { willDelayInterval: will.delaySeconds, contentType: 'application/json' },
        }),
      },
    }
    const secrets = {
      username: broker.username,
      password: broker.password,
      ca: read(broker.caFile),
      cert: read(broker.certFile),
      key: read(broker.keyFile),
    }
    Object.assign(options, Object.fromEntries(Object.entries(secrets).filter(([, value]) => value !== undefined)))
    return new Promise((resolve, reject) => {
      const client = mqtt.connect(broker.url, options)
      let settled = false
      let reason = 'the connection was closed'
      const give = (error: LinkError) => {
        if (settled) return
        settled = true
        client.end(true)
        reject(error)
      }
      const onError = (error: Error) => {
        reason = error.message || (error as NodeJS.ErrnoException).code || String(error)
        const code = (error as { code?: unknown }).code
        if (typeof code !== 'number') give(new LinkError('unreachable', `${broker.url}: cannot connect (${reason})`))
        else if (protocol === 5 && PROTOCOL_REFUSED.has(code)) give(new LinkError('protocol', reason))
        else
          give(
            new LinkError(
              'refused',
              `${broker.url}: the broker refused the connection (${reason}); check username, password and client certificate`,
            ),
          )
      }
      // A broker that knows no MQTT 5 may say so by hanging up.
      const onClose = () => give(new LinkError(protocol === 5 ? 'protocol' : 'unreachable', `${broker.url}: ${reason}`))
      client.on('error', onError)
      client.on('close', onClose)
      client.once('connect', (connack) => {
        if (settled) return
        settled = true
        const limits = connack.properties ?? {}
        const link = new Link(
          client,
          protocol,
          limits.maximumPacketSize ?? 268_435_455,
          limits.receiveMaximum ?? 65_535,
          limits.retainAvailable ?? true,
          limits.maximumQoS === 0 ? 0 : 1,
        )
        link.listen()
        client.off('error', onError)
        client.off('close', onClose)
        resolve(link)
      })
    })
  }

  onLost(handler: (reason: string) => void): void {
    this.lost = handler
  }

  onMessage(handler: (message: Incoming) => void): void {
    this.handler = handler
  }

  /** Resolves once the broker has acknowledged the message. @throws {LinkError} */
  publish(
    topic: string,
    payload: string | Uint8Array,
    options: { qos: 0 | 1; retain?: boolean; properties?: Properties },
  ): Promise<void> {
    const body =
      typeof payload === 'string'
        ? Buffer.from(payload)
        : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
    // Fixed header, topic, packet id and properties stay under this many bytes beside topic and payload.
    if (body.length + topic.length + 512 > this.maximumPacketSize) {
      return Promise.reject(
        new LinkError(
          'too_large',
          `${topic}: ${body.length} bytes, the broker takes packets of ${this.maximumPacketSize}`,
        ),
      )
    }
    const qos = Math.min(options.qos, this.maximumQoS) as 0 | 1
    return this.untilLost((done) => {
      const properties =
        this.protocol === 5 ? { properties: toMqtt(options.properties, typeof payload === 'string') } : {}
      this.client.publish(
        topic,
        body,
        { qos, retain: (options.retain ?? false) && this.retainAvailable, ...properties },
        (error) => {
          if (!error) return done()
          const code = (error as { code?: unknown }).code
          done(
            typeof code === 'number' && code >= 128
              ? new LinkError('rejected', `${topic}: the broker rejected the message (${error.message})`, code)
              : new LinkError('lost', error.message),
          )
        },
      )
    })
  }

  subscribe(filter: string): Promise<void> {
    return this.untilLost((done) => {
      this.client.subscribe(filter, { qos: 1 }, (error, granted) => {
        const refused = granted?.some((g) => Number(g.qos) >= 128)
        done(error || refused ? new LinkError('rejected', `${filter}: the broker refused the subscription`) : undefined)
      })
    })
  }

  /** Says goodbye, so that the broker keeps the will to itself. */
  async end(): Promise<void> {
    this.lost = undefined
    await this.client.endAsync().catch(() => {})
  }

  /** Ends the connection without a word. */
  drop(): void {
    this.client.end(true)
  }

  private listen(): void {
    let reason = 'the connection was lost'
    this.client.on('error', (error) => {
      reason = error.message
    })
    this.client.on('disconnect', (packet) => {
      reason =
        packet.reasonCode === 0x8e
          ? 'another client connected with the same client id: two boxes with one device id?'
          : `the broker disconnected (reason code ${packet.reasonCode})`
    })
    this.client.on('message', (topic, payload, packet) => {
      const { responseTopic, correlationData } = packet.properties ?? {}
      this.handler?.({ topic, payload, responseTopic, correlationData })
    })
    this.client.once('close', () => {
      this.gone = new LinkError('lost', reason)
      for (const fail of this.pending) fail(this.gone)
      this.pending.clear()
      this.client.end(true)
      this.lost?.(reason)
    })
  }

  /** The library leaves callbacks of a broken connection uncalled; the close of the connection settles them here. */
  private untilLost(start: (done: (error?: Error) => void) => void): Promise<void> {
    if (this.gone) return Promise.reject(this.gone)
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        this.pending.delete(fail)
        reject(error)
      }
      this.pending.add(fail)
      start((error) => {
        if (error) return fail(error)
        this.pending.delete(fail)
        resolve()
      })
    })
  }
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

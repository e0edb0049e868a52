/** The adapter around the mqtt package: one broker connection, MQTT 5 where the broker speaks it, else 3.1.1. */
import mqtt from 'mqtt'

export interface BrokerSettings {
  /** mqtt://, mqtts://, ws:// or wss:// */
  readonly url: string
  readonly clientId: string
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly ca?: Buffer | undefined
  readonly cert?: Buffer | undefined
  readonly key?: Buffer | undefined
  /** How long the broker keeps messages for this client while it is away (MQTT 5 only). */
  readonly sessionSeconds: number
  /** The client id names somebody who comes back: the broker keeps its messages also when it has said goodbye. */
  readonly durable?: boolean
  /** A message is acknowledged when whoever got it says so, and so many may wait for that (MQTT 5; else as many as the broker sends). */
  readonly unacknowledged?: number
}

export interface Message {
  readonly topic: string
  readonly payload: Uint8Array
  readonly correlation?: Uint8Array | undefined
  /** Said before anybody listened here, and kept by the broker. */
  readonly retained?: boolean
  /** User properties; MQTT 3.1.1 has none. */
  readonly user?: Readonly<Record<string, string | string[]>> | undefined
  /** The broker may forget it: only with `unacknowledged`. Without it the broker sends the message again on the next connection. */
  acknowledge?(): void
}

export interface Handlers {
  message(message: Message): void
  /** Once, when an established connection is lost. */
  lost(reason: string): void
}

export interface Reply {
  readonly topic: string
  readonly correlation: Uint8Array
}

export class BrokerError extends Error {
  override readonly name = 'BrokerError'
  constructor(
    readonly code: 'unreachable' | 'certificate' | 'refused' | 'protocol' | 'lost',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
  /** Whether trying again later can help. */
  get recoverable(): boolean {
    return this.code === 'unreachable' || this.code === 'certificate' || this.code === 'lost'
  }
}

export interface Connection {
  readonly version: '5' | '3.1.1'
  /** Whether the broker divides messages among those who subscribe to $share/<group>/… (MQTT 5; nobody says it of 3.1.1). */
  readonly shares: boolean
  /** Largest message that the broker takes, bytes, if it says so. */
  readonly maximumPacketSize: number
  /** @throws {BrokerError} refused, naming the filter */
  subscribe(filters: readonly string[]): Promise<void>
  /** QoS 1; `reply` is left out on MQTT 3.1.1. @throws {BrokerError} lost */
  publish(topic: string, payload: string, reply: Reply): Promise<void>
  close(): Promise<void>
}

/** @throws {BrokerError} */
export async function connectBroker(settings: BrokerSettings, handlers: Handlers): Promise<Connection> {
  try {
    return await open(settings, 5, handlers)
  } catch (error) {
    if (!(error instanceof BrokerError) || error.code !== 'protocol') throw error
    return await open(settings, 4, handlers)
  }
}

const connectTimeoutMs = 10_000
const keepaliveSeconds = 30
const TAKEN_OVER = 142
/** By the protocol. */
const MOST_PACKET = 268_435_455

function open(settings: BrokerSettings, protocolVersion: 4 | 5, handlers: Handlers): Promise<Connection> {
  const { url, clientId, username, password, ca, cert, key, sessionSeconds, durable, unacknowledged } = settings
  const client = mqtt.connect(url, {
    clientId,
    protocolVersion,
    // A 3.1.1 session never expires: it would pile up messages on the broker for a client that never returns.
    clean: (protocolVersion === 4 && !durable) || sessionSeconds === 0,
    ...(protocolVersion === 5
      ? {
          properties: {
            sessionExpiryInterval: sessionSeconds,
            ...(unacknowledged !== undefined && { receiveMaximum: unacknowledged }),
          },
        }
      : {}),
    ...defined({ username, password, ca, cert, key }),
    keepalive: keepaliveSeconds,
    connectTimeout: connectTimeoutMs,
    // Coming back is the link's work (link.ts): back-off with jitter, subscriptions first.
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
  })
  return new Promise((resolve, reject) => {
    let state: 'opening' | 'open' | 'over' = 'opening'
    let reason = 'the connection was closed'
    const fail = (error: BrokerError) => {
      if (state !== 'opening') return
      state = 'over'
      client.end(true)
      reject(error)
    }
    client.on('error', (error) => {
      reason = describe(error)
      fail(connectError(error))
    })
    client.on('disconnect', (packet) => {
      reason =
        packet.reasonCode === TAKEN_OVER
          ? `another client has come with the same name, ${clientId}`
          : `the broker closed the connection (reason ${packet.reasonCode ?? 0})`
    })
    client.on('close', () => {
      fail(new BrokerError('unreachable', 'closed the connection before answering'))
      if (state !== 'open') return
      state = 'over'
      handlers.lost(reason)
    })
    // An error here leaves a message unacknowledged, and the next one is read all the same.
    if (unacknowledged !== undefined) client.handleMessage = (_, done) => done(new Error('acknowledged later'))
    client.on('message', (topic, payload, packet) => {
      if (state === 'over') return
      const { correlationData: correlation, userProperties: user } = packet.properties ?? {}
      const later = unacknowledged !== undefined && {
        acknowledge() {
          // Of a lost connection it would mean another message.
          if (state === 'over' || !client.connected || packet.qos !== 1) return
          // biome-ignore lint/complexity/useLiteralKeys: the package has no public way, and its types say private
          client['_sendPacket']({ cmd: 'puback', messageId: packet.messageId!, reasonCode: 0 })
        },
      }
      handlers.message({ topic, payload, correlation, user, retained: packet.retain, ...later })
    })
    client.on('connect', ({ properties }) => {
      state = 'open'
      const shares = protocolVersion === 5 && properties?.sharedSubscriptionAvailable !== false
      const most = properties?.maximumPacketSize ?? MOST_PACKET
      resolve(connection(client, protocolVersion, shares, most, durable === true, () => (state = 'over')))
    })
  })
}

function connection(
  client: mqtt.MqttClient,
  protocolVersion: 4 | 5,
  shares: boolean,
  maximumPacketSize: number,
  durable: boolean,
  over: () => void,
): Connection {
  /** The package keeps what is under way for a reconnection, which is never made here. */
  const underWay = new Set<(error: Error) => void>()
  client.once('close', () => {
    for (const fail of underWay) fail(new Error('the connection was closed'))
  })
  const orLost = <T>(work: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      underWay.add(reject)
      void work.then(resolve, reject).finally(() => underWay.delete(reject))
    })
  return {
    version: protocolVersion === 5 ? '5' : '3.1.1',
    shares,
    maximumPacketSize,
    async subscribe(filters) {
      try {
        const grants = await client.subscribeAsync([...filters], { qos: 1 })
        const denied = grants.find((grant) => grant.qos > 2)
        if (denied) throw new BrokerError('refused', `subscription to ${denied.topic} denied`)
      } catch (error) {
        if (error instanceof BrokerError) throw error
        if (!client.connected) throw new BrokerError('lost', describe(error), { cause: error })
        throw new BrokerError('refused', `subscription to ${filters.join(', ')} denied`, { cause: error })
      }
    },
    async publish(topic, payload, { topic: responseTopic, correlation }) {
      if (!client.connected) throw new BrokerError('lost', 'not connected')
      const properties = { responseTopic, correlationData: Buffer.from(correlation), contentType: 'application/json' }
      try {
        await orLost(client.publishAsync(topic, payload, { qos: 1, ...(protocolVersion === 5 ? { properties } : {}) }))
      } catch (error) {
        throw new BrokerError('lost', describe(error), { cause: error })
      }
    },
    async close() {
      over()
      // Expiry 0 tells the broker to forget the session now.
      const forget = protocolVersion === 5 && !durable
      const goodbye = forget ? { reasonCode: 0, properties: { sessionExpiryInterval: 0 } } : {}
      await client.endAsync(!client.connected, goodbye)
    },
  }
}

const wrongProtocol = new Set([1, 132])
const notAllowed = new Set([2, 4, 5, 133, 134, 135, 138, 140])

function connectError(error: Error & { code?: string | number }): BrokerError {
  const { code } = error
  const message = describe(error)
  if (typeof code !== 'number')
    return new BrokerError(/CERT|SSL|TLS|UNABLE_TO_/.test(code ?? '') ? 'certificate' : 'unreachable', message, {
      cause: error,
    })
  if (wrongProtocol.has(code)) return new BrokerError('protocol', message, { cause: error })
  return new BrokerError(notAllowed.has(code) ? 'refused' : 'unreachable', message, { cause: error })
}

function describe(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string | number }
  // A refused connection to both addresses of localhost has a code but an empty message.
  return message || String(code ?? error)
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }
const defined = <T extends object>(values: T): Defined<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>

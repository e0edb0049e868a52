/** A subscriber that writes down everything: de-duplicates by key, compares duplicates, watches the order. MQTT 5, QoS 1. */
import { createHash, randomBytes } from 'node:crypto'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import { readRecord } from '../../codec/index.js'
import { until } from '../e2e/until.js'

export interface Heard {
  readonly topic: string
  readonly payload: Buffer
  readonly retained: boolean
  readonly at: number
  readonly user: Readonly<Record<string, string>>
}

export interface ListenerOptions {
  /** Default: everything, '#'. */
  readonly filters?: readonly string[]
  /** Results are counted and compared, but not kept: for long runs. */
  readonly compact?: boolean
  /** Of MQTT.js, for user and password, version, a chosen client id. */
  readonly client?: Partial<IClientOptions>
}

const RECONNECT_MS = 100
/** dev, then cam/<cam>/cls | cam/<cam>/seg | bits/<cam> | hist/<cam>/<kind> */
const result = /\/v1\/([^/]+)\/(?:cam\/([^/]+)\/(cls|seg)|bits\/([^/]+)|hist\/([^/]+)\/(cls|seg|bits))$/

export class Listener {
  readonly messages: Heard[] = []
  /** 'dev/cam/boot/seq' of every frame of which something was received. */
  readonly frames = new Set<string>()
  /** Messages with a key that was there already. */
  duplicates = 0
  /** Duplicates that say something else, and results that came behind a later one of their topic and boot. */
  readonly different: string[] = []
  readonly outOfOrder: string[] = []
  /** Subscriptions confirmed: one more at every reconnection. */
  subscribed = 0
  /** Sessions lost in the middle of a run. */
  received = 0
  private readonly seen = new Map<string, string>()
  private readonly last = new Map<string, number>()
  private client!: MqttClient

  private constructor(private readonly compact: boolean) {}

  static async start(url: string, options: ListenerOptions = {}): Promise<Listener> {
    const listener = new Listener(options.compact ?? false)
    const client = mqtt.connect(url, {
      protocolVersion: 5,
      clientId: `field-${randomBytes(6).toString('hex')}`,
      clean: true,
      reconnectPeriod: RECONNECT_MS,
      resubscribe: false,
      properties: { receiveMaximum: 65_535 },
      ...options.client,
    })
    listener.client = client
    client.on('error', () => {}) // it comes back by itself
    client.on('connect', () =>
      client.subscribe([...(options.filters ?? ['#'])], { qos: 1 }, (error) => {
        if (!error) listener.subscribed++
      }),
    )
    client.on('message', (topic, payload, { retain, properties }) => {
      const user = (properties?.userProperties ?? {}) as Record<string, string>
      listener.hear({ topic, payload, retained: retain, at: performance.now(), user })
    })
    await until('the subscriber to be subscribed', () => listener.subscribed > 0)
    return listener
  }

  get connected(): boolean {
    return this.client.connected
  }

  /** Resolves when it has subscribed once more than `before`. */
  again = (before: number): Promise<unknown> =>
    until('the subscriber to be back', () => this.client.connected && this.subscribed > before)

  on(topic: string | RegExp): Heard[] {
    return this.messages.filter((m) => (typeof topic === 'string' ? m.topic === topic : topic.test(m.topic)))
  }

  json<T = Record<string, unknown>>(topic: string | RegExp): T[] {
    return this.on(topic).map(({ payload }) => JSON.parse(payload.toString()) as T)
  }

  /** The newest message whose topic ends so, as an object. */
  latest<T = Record<string, unknown>>(ending: string): T | undefined {
    const found = this.messages.findLast(({ topic, payload }) => topic.endsWith(ending) && payload.length > 0)
    return found && (JSON.parse(found.payload.toString()) as T)
  }

  has(dev: string, cam: string, boot: string, seq: number, kind: 'cls' | 'seg' | 'bits'): boolean {
    return this.seen.has(`${dev}/${cam}/${boot}/${seq}/${kind}`)
  }

  publish(topic: string, payload: string | Buffer, options: mqtt.IClientPublishOptions = { qos: 1 }): Promise<unknown> {
    return this.client.publishAsync(topic, payload, options)
  }

  async stop(): Promise<void> {
    await this.client.endAsync(true)
  }

  private hear(message: Heard): void {
    this.received++
    const found = resultOf(message)
    if (found) this.check(message, found)
    if (!found || !this.compact) this.messages.push(message)
    // A long run's health and states are few; nothing else is kept.
  }

  private check({ topic, payload }: Heard, { frame, kind, boot, seq, body }: Result): void {
    const key = `${frame}/${kind}`
    const print = fingerprint(body ?? payload)
    this.frames.add(frame)
    const before = this.seen.get(key)
    if (before !== undefined) {
      this.duplicates++
      if (before !== print) this.different.push(key)
      return
    }
    this.seen.set(key, print)
    const run = `${topic} ${boot}`
    const last = this.last.get(run) ?? -1
    if (seq < last) this.outOfOrder.push(`${topic} ${boot}: ${seq} after ${last}`)
    this.last.set(run, Math.max(last, seq))
  }
}

interface Result {
  /** dev/cam/boot/seq */
  readonly frame: string
  readonly kind: string
  readonly boot: string
  readonly seq: number
  /** Of JSON. */
  readonly body: Record<string, unknown> | undefined
}

/** Undefined: a message of another kind. */
export function resultOf({ topic, payload }: Pick<Heard, 'topic' | 'payload'>): Result | undefined {
  const found = result.exec(topic)
  if (!found || payload.length === 0) return undefined
  const [, dev, camA, json, camB, camC, kindC] = found
  const kind = json ?? kindC ?? 'bits'
  const body = kind === 'bits' ? undefined : JSON.parse(payload.toString())
  // The record names its frame by itself: MQTT 3.1.1 has no user properties.
  const { boot, seq } = (body ?? readRecord(payload)) as { boot: string; seq: number }
  return { frame: `${dev}/${camA ?? camB ?? camC}/${boot}/${seq}`, kind, boot, seq, body }
}

/** Of what a duplicate must have in common: not its age, nor whether it came late. */
function fingerprint(body: Buffer | Record<string, unknown>): string {
  const hash = createHash('sha1')
  if (Buffer.isBuffer(body)) return hash.update(body).digest('base64')
  const { hist: _, q, ...rest } = body as { hist?: boolean; q?: { age_ms?: number } }
  return hash.update(JSON.stringify([rest, { ...q, age_ms: 0 }])).digest('base64')
}

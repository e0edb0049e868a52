/** A broker connection that is kept: subscribes on every connection, comes back by itself with back-off and jitter. */
import { setTimeout as wait } from 'node:timers/promises'
import { Backoff } from '../../contract/backoff.js'
import { Failure } from '../failure.js'
import { BrokerError, type BrokerSettings, type Connection, connectBroker, type Message, type Reply } from './mqtt.js'

export interface LinkEvents {
  message(message: Message): void
  /** A line for the person watching: lost, back again; and whether there is a connection now. */
  notice(text: string, connected: boolean): void
  /** The broker will not have us back: nothing more will arrive. */
  ended(failure: Failure): void
}

export class Link {
  private connection: Connection | undefined
  private readonly stopping = new AbortController()
  private readonly backoff = new Backoff(500, 30_000)

  constructor(
    private readonly settings: BrokerSettings,
    /** What to subscribe to, where need be by what the broker can. */
    private readonly filters: readonly string[] | ((connection: Connection) => readonly string[]),
    private readonly events: LinkEvents,
  ) {}

  /** The first connection; later ones are made in the background. @throws {Failure} broker */
  async start(): Promise<void> {
    try {
      await this.connect()
    } catch (error) {
      throw this.failure(error)
    }
  }

  /** As `start`, for whom the broker is not all: what may pass is tried on in the background, anything else ends it. */
  async startPatiently(): Promise<void> {
    try {
      await this.connect()
    } catch (error) {
      const failure = this.failure(error)
      if (!(error instanceof BrokerError && error.recoverable)) return this.events.ended(failure)
      this.events.notice(failure.message, false)
      void this.comeBack()
    }
  }

  /** @throws {BrokerError} lost, while there is no connection */
  async publish(topic: string, payload: string, reply: Reply): Promise<void> {
    if (!this.connection) throw new BrokerError('lost', 'not connected')
    await this.connection.publish(topic, payload, reply)
  }

  /** Of a message, as the broker says. */
  get maximumPacketSize(): number {
    return this.connection?.maximumPacketSize ?? Number.POSITIVE_INFINITY
  }

  async stop(): Promise<void> {
    this.stopping.abort()
    const connection = this.connection
    this.connection = undefined
    await connection?.close()
  }

  private async connect(): Promise<void> {
    let lostEarly: string | undefined
    let current: Connection | undefined
    const connection = await connectBroker(this.settings, {
      message: (message) => this.events.message(message),
      lost: (reason) => {
        lostEarly = reason
        if (current && current === this.connection) this.lost(reason)
      },
    })
    try {
      await connection.subscribe(typeof this.filters === 'function' ? this.filters(connection) : this.filters)
    } catch (error) {
      await connection.close()
      throw error
    }
    if (lostEarly) throw new BrokerError('lost', lostEarly)
    if (this.stopping.signal.aborted) return connection.close()
    current = connection
    this.connection = connection
    this.backoff.reset()
  }

  private lost(reason: string): void {
    this.connection = undefined
    if (this.stopping.signal.aborted) return
    this.events.notice(`connection to ${this.place} lost (${reason}), coming back`, false)
    void this.comeBack()
  }

  private async comeBack(): Promise<void> {
    const { signal } = this.stopping
    while (!signal.aborted) {
      await wait(this.backoff.next(), undefined, { signal }).catch(() => {})
      if (signal.aborted) return
      try {
        await this.connect()
        this.events.notice(`connected to ${this.place} again`, true)
        return
      } catch (error) {
        if (error instanceof BrokerError && error.recoverable) continue
        this.events.ended(this.failure(error))
        return
      }
    }
  }

  /** The broker's address without the password it may carry. */
  get place(): string {
    const { protocol, host } = new URL(this.settings.url)
    return `${protocol}//${host}`
  }

  private failure(error: unknown): Failure {
    if (!(error instanceof BrokerError)) return new Failure('other', (error as Error).message, { cause: error })
    const hint = {
      unreachable: 'check --broker and that the broker is running',
      certificate:
        "check that --ca names the authority that signed the broker's certificate, that --broker has the name in it, and --cert and --key",
      lost: 'check that the broker is running',
      refused: 'check --username, --password (or BLINDSIGHT_MQTT_PASSWORD), --cert and what the broker allows',
      protocol: 'the broker speaks neither MQTT 5 nor 3.1.1',
    }[error.code]
    const what = error.code === 'refused' ? 'the broker refused' : 'no connection to the broker'
    return new Failure('broker', `${what}, ${this.place}: ${error.message}; ${hint}`, { cause: error })
  }
}

/** A broker's results for a program: each once, in the order of arrival, with the acknowledgement held back until the next is asked for. */
import { randomBytes } from 'node:crypto'
import { type ResultKind, resultFilters } from '../../contract/topics.js'
import { Link } from '../broker/link.js'
import type { BrokerSettings, Message } from '../broker/mqtt.js'
import { type Failure, printable } from '../failure.js'
import { EventLedger } from './event-ledger.js'
import { type Incoming, readIncoming } from './incoming.js'
import { type Gap, Ledger } from './ledger.js'

/** What has to be said of a broker; the rest has a default. */
export type Broker = Pick<BrokerSettings, 'url'> & Partial<BrokerSettings>

export interface FollowOptions {
  readonly broker: Broker
  readonly base?: string
  /** Default: every one. */
  readonly device?: string
  /** Default: all but bitstreams. */
  readonly kinds?: readonly ResultKind[]
  /** Ends it. */
  readonly signal?: AbortSignal
  /** What is missing so far, each time that a gap opens. */
  gap?(gap: Gap): void
  /** A line for people: the connection is lost or back, a message is none of ours. */
  notice?(line: string): void
}

/** Messages that a broker may send ahead of who reads (MQTT 5; before, as many as its own limit). */
const AHEAD = 100

export const brokerOf = (broker: Broker): BrokerSettings => ({
  clientId: `bs-client-${randomBytes(6).toString('hex')}`,
  sessionSeconds: 0,
  ...broker,
})

/**
 * Until `signal`, or until whoever reads has enough. With a `clientId` and `sessionSeconds` of the broker's settings, what comes while
 * this program is away waits there.
 * @throws {Failure} broker
 */
export async function* follow(options: FollowOptions): AsyncGenerator<Incoming> {
  const { base = 'blindsight', device = '+', kinds = ['cls', 'seg', 'evt'], signal, notice } = options
  const seen = new Seen(options.gap)
  const waiting: Message[] = []
  let failed: Failure | undefined
  let wake = () => {}
  const link = new Link({ unacknowledged: AHEAD, ...brokerOf(options.broker) }, resultFilters(base, device, kinds), {
    message(message) {
      waiting.push(message)
      wake()
    },
    notice: (text) => notice?.(text),
    ended(failure) {
      failed = failure
      wake()
    },
  })
  const onAbort = () => wake()
  signal?.addEventListener('abort', onAbort)
  try {
    await link.start()
    while (!signal?.aborted) {
      const message = waiting.shift()
      if (message) {
        const incoming = read(base, message, notice)
        if (incoming && seen.isNew(incoming)) yield incoming
        message.acknowledge?.()
      } else if (failed) throw failed
      else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
  } finally {
    signal?.removeEventListener('abort', onAbort)
    await link.stop()
  }
}

function read(base: string, message: Message, notice: FollowOptions['notice']): Incoming | undefined {
  try {
    return readIncoming(base, message)
  } catch (error) {
    notice?.(`invalid message ignored, ${printable(message.topic)}: ${printable((error as Error).message)}`)
    return undefined
  }
}

/** What has come before is passed over. */
class Seen {
  private readonly results = new Ledger()
  private readonly events = new EventLedger()
  constructor(private readonly gap: FollowOptions['gap']) {}

  isNew(incoming: Incoming): boolean {
    if (incoming.kind === 'evt') return this.events.note(incoming.event)
    const verdict = this.results.note(incoming.key, incoming.hist, incoming.prev)
    if (verdict.what === 'new' && verdict.opened) this.gap?.(verdict.opened)
    return verdict.what !== 'duplicate'
  }
}

/**
 * The adapter around NATS JetStream: a stream over what boxes publish by MQTT to any node of a cluster, and one durable pull consumer that
 * collectors of a group share. A message is acknowledged after the commit; what is not, comes again.
 */

import { setTimeout as wait } from 'node:timers/promises'
import {
  AckPolicy,
  DeliverPolicy,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream'
import { connect, type NatsConnection, nanos } from '@nats-io/transport-node'
import type { Message } from '../broker/mqtt.js'
import { Failure } from '../failure.js'
import { streamOf, subjectsOf, topicOf, unheard } from './subjects.js'

export interface JetStreamOptions {
  /** nats://host:4222, several with commas. */
  readonly servers: string
  readonly base: string
  readonly group: string
  /** Of the stream, when it is made here: on so many nodes. */
  readonly replicas: number
  readonly bits: boolean
  /** A collector that has not acknowledged within this time is dead, or its store is away. */
  readonly ackWaitMs?: number | undefined
}

export interface JetStreamEvents {
  message(message: Message): void
  notice(text: string): void
}

const DAY_MS = 86_400_000
const ACK_WAIT_MS = 60_000
/** Of a group: delivered and not acknowledged. */
const MOST_PENDING = 5000
/** Asked for at once by each collector. */
const PULL = 500
/** A pull is renewed so often; that its node has died is noticed within this time, half of it without a heartbeat. */
const PULL_MS = 4000
const AGAIN_MS = 2000

/** @throws {Failure} broker: no server of them, or JetStream is not switched on */
export async function openJetStream(
  options: JetStreamOptions,
  events: JetStreamEvents,
): Promise<{ close(): Promise<void> }> {
  const { servers, base, group } = options
  let nats: NatsConnection
  try {
    nats = await connect({
      servers: servers.split(','),
      name: `blindsight-collect-${group}`,
      maxReconnectAttempts: -1,
      reconnectTimeWait: AGAIN_MS,
    })
  } catch (cause) {
    throw new Failure('broker', `no connection to NATS, --jetstream ${servers}: ${(cause as Error).message}`, { cause })
  }
  const ending = new AbortController()
  const watching = watch(nats, events.notice)
  try {
    await prepare(await jetstreamManager(nats), options, events.notice)
  } catch (cause) {
    await nats.close()
    throw new Failure('broker', `JetStream, --jetstream ${servers}: ${(cause as Error).message}`, { cause })
  }
  const reading = consume(nats, streamOf(base), group, events, ending.signal)
  return {
    async close() {
      ending.abort()
      await nats.close()
      await reading
      await watching
    },
  }
}

/** What is there already stays as its owner has set it up. */
async function prepare(
  manager: JetStreamManager,
  { base, group, replicas, bits, ackWaitMs = ACK_WAIT_MS }: JetStreamOptions,
  notice: (text: string) => void,
): Promise<void> {
  const name = streamOf(base)
  const missing = (error: unknown) => /not found/.test((error as Error).message)
  try {
    const { config } = await manager.streams.info(name)
    const lacking = unheard(config.subjects, subjectsOf(base, bits))
    if (lacking.length > 0)
      notice(
        `the stream ${name} lacks what boxes publish to ${lacking.join(', ')}: that comes only when a gap shows, and late; add it with: nats stream edit ${name} --subjects='${[...config.subjects, ...lacking].join(',')}'`,
      )
  } catch (error) {
    if (!missing(error)) throw error
    await manager.streams.add({
      name,
      subjects: subjectsOf(base, bits),
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      num_replicas: replicas,
      max_age: nanos(7 * DAY_MS),
    })
  }
  try {
    await manager.consumers.info(name, group)
  } catch (error) {
    if (!missing(error)) throw error
    await manager.consumers.add(name, {
      durable_name: group,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: nanos(ackWaitMs),
      max_ack_pending: MOST_PENDING,
    })
  }
}

/** A node that dies takes its deliveries along; the next pull goes to another one. */
async function consume(
  nats: NatsConnection,
  stream: string,
  group: string,
  events: JetStreamEvents,
  signal: AbortSignal,
): Promise<void> {
  /** By number in the stream: what comes again while it still waits here is one message. */
  const pending = new Map<number, JsMsg>()
  while (!signal.aborted) {
    try {
      const consumer = await jetstream(nats).consumers.get(stream, group)
      const messages = await consumer.consume({ max_messages: PULL, expires: PULL_MS })
      signal.addEventListener('abort', () => messages.stop(), { once: true })
      for await (const message of messages) {
        const { seq } = message
        const known = pending.has(seq)
        pending.set(seq, message)
        if (known) {
          message.working()
          continue
        }
        events.message({
          topic: topicOf(message.subject),
          payload: message.data,
          acknowledge() {
            pending.get(seq)?.ack()
            pending.delete(seq)
          },
        })
      }
    } catch (error) {
      if (signal.aborted) return
      events.notice(`the stream cannot be read at the moment (${(error as Error).message}), trying again`)
    }
    await wait(AGAIN_MS, undefined, { signal }).catch(() => {})
  }
}

async function watch(nats: NatsConnection, notice: (text: string) => void): Promise<void> {
  for await (const status of nats.status()) {
    if (status.type === 'disconnect') notice(`connection to NATS ${status.server} lost, coming back`)
    if (status.type === 'reconnect') notice(`connected to NATS ${status.server} again`)
  }
}

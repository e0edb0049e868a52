/** The collect verb: a fleet's messages from the broker into a store, each acknowledged once it is there. */
import { setTimeout as wait } from 'node:timers/promises'
import { Link } from '../broker/link.js'
import { BrokerError, type BrokerSettings, type Message } from '../broker/mqtt.js'
import { asFailure, type Failure, printable } from '../failure.js'
import { Boxes } from '../fetch/boxes.js'
import { wrongTime } from '../store/commit.js'
import type { Store } from '../store/store.js'
import { Batches, type Work } from './batches.js'
import { Conflicts } from './conflicts.js'
import { EventCheck } from './event-check.js'
import { Figures } from './figures.js'
import { Filler } from './filler.js'
import { type Place, serve } from './http.js'
import { type Read, read, resultTopics, stateTopics } from './incoming.js'
import { Keeper } from './keeper.js'
import type { ObjectStore } from './objects.js'
import { Sealer } from './sealer.js'

export interface CollectOptions {
  readonly broker: BrokerSettings
  readonly base: string
  /** Collectors of one group divide the results among them. */
  readonly group: string
  readonly bits: boolean
  /** Results and bitstreams come from a stream of NATS; states, and answers of boxes, over its MQTT. */
  readonly jetstream?: { readonly servers: string; readonly replicas: number; readonly ackWaitMs?: number } | undefined
  readonly http?: Place | undefined
  readonly keepDays?: number | undefined
  readonly patience: CollectPatience
}

export interface CollectPatience {
  /** Between two rounds of what is done in the background. */
  readonly roundMs: number
  /** A gap is asked about after so long. */
  readonly gapMs: number
  /** A segment that has not grown for so long is over. */
  readonly quietMs: number
  /** Frames that one box is asked for, on average. */
  readonly askPerSecond: number
}

/** Boxes that are named when they are first heard. */
const MOST_HEARD = 20

/** Answers of boxes are awaited by who asked, and everything else waits to be kept. */
const ANSWER = 'answer'

/** Of the run that goes on: a quiet box says so in its health alone. */
function runOf(found: Read | undefined, { retained }: Message): { dev: string; boot: string } | undefined {
  if (found && 'message' in found) return found.message.hist ? undefined : found.message.key
  if (!found || retained || found.state.what !== 'health') return undefined
  const [run] = found.state.runs ?? []
  return run && { dev: found.state.dev, boot: run.boot }
}

/** Until `signal`. @throws {Failure} broker, other */
export async function collect(
  options: CollectOptions,
  store: Store,
  objects: ObjectStore | undefined,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { base, group, bits, broker, patience } = options
  const figures: Figures = new Figures(log, () => batches.unsettled)
  const batches: Batches = new Batches(store, figures, log)
  const conflicts = new Conflicts()
  const boxes: Boxes = new Boxes(base, { publish: (...args) => link.publish(...args) })
  let failed: Failure | undefined
  const stopping = new AbortController()
  const stop = (failure?: Failure) => {
    failed ??= failure
    stopping.abort()
  }
  signal.addEventListener('abort', () => stop(), { once: true })

  const work = (message: Message): Work | typeof ANSWER | undefined => {
    const at = new Date().toISOString()
    try {
      if (boxes.receive(message)) return ANSWER
      const found = read(base, message, at, { seconds: figures.listeningSeconds, bits })
      if (found && 'message' in found) {
        const said = wrongTime(found.message, at)
        if (said !== undefined) figures.wrongClock(found.message.key.dev, said)
      }
      const live = runOf(found, message)
      if (live) {
        const { dev, boot } = live
        const two = conflicts.note(dev, boot, performance.now())
        if (two)
          figures.conflict(
            `two boxes are called ${dev}, their runs ${two.join(' and ')} take turns: give one another name (device); what they say is kept apart by the run`,
            dev,
          )
      }
      return found
    } catch (error) {
      const reason = printable((error as Error).message)
      figures.wrong(printable(message.topic), reason)
      return { reject: { at, topic: message.topic, reason, payload: message.payload } }
    }
  }

  /** Some brokers do not say why: who is thrown out again and again has a rival. */
  const losses: number[] = []
  const rival = () => {
    losses.push(performance.now())
    if (losses.length < 4 || losses.at(-1)! - losses.at(-4)! > 60_000) return
    losses.length = 0
    log(
      `the connection is lost again and again: if another collector has the name of this one, ${broker.clientId}, give it a --name of its own`,
    )
  }

  /** Who watches it start wants to know that something comes. */
  const heard = new Set<string>()
  const hear = (found: Work) => {
    if (!('message' in found) || found.message.hist || heard.has(found.message.key.dev)) return
    heard.add(found.message.key.dev)
    if (heard.size <= MOST_HEARD) log(`${found.message.key.dev} is heard`)
    if (heard.size === MOST_HEARD) log('further boxes are not named')
  }

  const receive = (message: Message) => {
    const found = work(message)
    const settle = () => message.acknowledge?.()
    if (found === ANSWER || found === undefined) return settle()
    hear(found)
    figures.came('message' in found ? found.message.kind : 'state' in found ? found.state.what : 'reject')
    batches.push({ work: found, cameMs: performance.now(), settle })
  }

  const link: Link = new Link(
    broker,
    (connection) => {
      const own = [...stateTopics(base), ...boxes.filters]
      if (options.jetstream) return own
      const shared = connection.shares ? group : undefined
      figures.divides(connection.shares)
      return [...resultTopics(base, shared, bits), ...own]
    },
    {
      message: receive,
      notice(text, connected) {
        figures.link(connected)
        events.doubt(Date.now())
        if (!connected) rival()
        log(/same name/.test(text) ? `${text}; each collector needs a --name of its own` : text)
      },
      ended: (failure) => stop(failure),
    },
  )
  const sealer = new Sealer(store, objects, figures, { quietMs: patience.quietMs })
  const doubtful = (dev: string) => conflicts.doubtful(dev, performance.now())
  const { gapMs, roundMs } = patience
  const mostFrames = Math.max(1, Math.round((patience.askPerSecond * roundMs) / 1000))
  const filler = new Filler(
    store,
    (dev) => boxes.of(dev),
    figures,
    { gapMs, againMs: 5 * gapMs, mostFrames, bits },
    doubtful,
  )
  const events = new EventCheck(store, (dev) => boxes.of(dev), figures, doubtful)
  const keeper = new Keeper(store, objects, { filler, sealer, events }, figures, options.keepDays, log)
  const http = options.http && (await serve(options.http, figures))
  if (http) log(`/metrics and /healthz: ${http.url}`)
  let stream: { close(): Promise<void> } | undefined
  try {
    await start(link, figures, stopping.signal, log)
    if (options.jetstream && !stopping.signal.aborted)
      stream = await (await import('./jetstream.js')).openJetStream(
        { ...options.jetstream, base, group, bits },
        { message: receive, notice: log },
      )
    if (!stopping.signal.aborted)
      log(`collecting ${base}/v1/+ into ${store.name}${objects ? `, bitstreams into ${objects.name}` : ''}`)
    while (!stopping.signal.aborted) {
      await keeper.round(stopping.signal)
      await wait(patience.roundMs, undefined, { signal: stopping.signal }).catch(() => {})
    }
  } finally {
    await batches.stop()
    await keeper.stop()
    await stream?.close()
    await link.stop()
    await http?.close()
  }
  log(`kept in this run: ${figures.summary}`)
  if (failed) throw failed
}

/** Started before its broker, as a service may be, it waits for it; what the broker refuses is the end. */
async function start(link: Link, figures: Figures, signal: AbortSignal, log: (line: string) => void): Promise<void> {
  let said = false
  while (!signal.aborted) {
    try {
      await link.start()
      figures.link(true)
      return
    } catch (error) {
      const failure = asFailure(error)
      if (!(failure.cause instanceof BrokerError && failure.cause.recoverable)) throw failure
      if (!said) log(`${failure.message}; trying again`)
      said = true
      await wait(2000, undefined, { signal }).catch(() => {})
    }
  }
}

/** The subscribe verb: follow a broker's results, prove what is missing. */
import { type ResultKind, resultFilters, Topics } from '../../contract/topics.js'
import { Link } from '../broker/link.js'
import type { BrokerSettings, Message } from '../broker/mqtt.js'
import { asFailure, Failure, printable } from '../failure.js'
import { BitFiles } from './bit-files.js'
import { EventLedger } from './event-ledger.js'
import { type Incoming, readIncoming } from './incoming.js'
import { Ledger } from './ledger.js'
import { gapText, resultLine } from './line.js'
import { type Summary, summarize } from './summary.js'

export interface SubscribeOptions {
  readonly broker: BrokerSettings
  readonly base: string
  /** '+' for every device */
  readonly device: string
  /** Folder for bitstreams; none: they are not subscribed to. */
  readonly bitsDir?: string | undefined
  /** Events and nothing else. */
  readonly eventsOnly: boolean
  /** Stop after so many results (cls and seg, without duplicates), or events where only those come. */
  readonly count?: number | undefined
  readonly json: boolean
  /** Give up if `count` is not reached within this time. */
  readonly timeoutSeconds?: number | undefined
  /** After so long without anything it says what the reason may be. */
  readonly silenceMs?: number
}

export interface Output {
  out(line: string): void
  warn(line: string): void
}

/** Until `count` or `signal`. @throws {Failure} broker, answer (timed out), other (disk) */
export async function subscribe(options: SubscribeOptions, output: Output, signal: AbortSignal): Promise<Summary> {
  const asked = new Map<string, number>()
  const follower = new Follower(options, output, (dev, cam) => {
    const last = asked.get(`${dev}/${cam}`)
    if (last !== undefined && performance.now() - last < ASK_AGAIN_MS) return
    if (last === undefined) output.warn(`${dev}/${cam}: asking for a keyframe to begin with`)
    asked.set(`${dev}/${cam}`, performance.now())
    const topics = new Topics(options.base, dev)
    const reply = { topic: topics.response('keyframe'), correlation: Buffer.from('keyframe') }
    link.publish(topics.request('keyframe'), JSON.stringify({ cam }), reply).catch(() => asked.delete(`${dev}/${cam}`))
  })
  const link = new Link(options.broker, resultFilters(options.base, options.device, kindsOf(options)), {
    message: (message) => {
      clearTimeout(silence)
      follower.receive(message)
    },
    notice: (text) => output.warn(text),
    ended: (failure) => follower.end(failure),
  })
  let silence: NodeJS.Timeout | undefined
  const onAbort = () => follower.end()
  signal.addEventListener('abort', onAbort)
  const timer =
    options.timeoutSeconds === undefined
      ? undefined
      : setTimeout(() => follower.end(timedOut(options, follower.counted)), options.timeoutSeconds * 1000)
  const connected = () => {
    const { count, json } = options
    // With --json the summary alone is what is expected there, as long as nothing is wrong.
    if (!json)
      output.warn(
        `connected to ${link.place}, waiting for ${whatOf(options)}${count === undefined ? '; Ctrl-C ends it' : ''}`,
      )
    const { silenceMs = options.eventsOnly ? EVENTLESS_MS : SILENCE_MS } = options
    if (follower.begun) return
    silence = setTimeout(() => output.warn(silent(options, silenceMs)), silenceMs)
  }
  try {
    // Ctrl-C and --timeout end it while it is still connecting, too.
    await Promise.race([link.start().then(connected), follower.over])
    await follower.over
  } finally {
    clearTimeout(timer)
    clearTimeout(silence)
    signal.removeEventListener('abort', onAbort)
    await link.stop()
  }
  return follower.summary()
}

function kindsOf({ eventsOnly, bitsDir }: SubscribeOptions): ResultKind[] {
  if (eventsOnly) return ['evt']
  return bitsDir === undefined ? ['cls', 'seg', 'evt'] : ['cls', 'seg', 'evt', 'bits']
}

const timedOut = ({ count, timeoutSeconds, eventsOnly }: SubscribeOptions, come: number): Failure =>
  new Failure(
    'answer',
    `${come}${count === undefined ? '' : ` of ${count}`} ${eventsOnly ? 'events' : 'results'} after ${timeoutSeconds} s, --timeout, check that the box is running and --base and --device name it`,
  )

function whatOf({ base, device, eventsOnly, bitsDir }: SubscribeOptions): string {
  const what = eventsOnly ? 'events' : bitsDir === undefined ? 'results' : 'results and bitstreams'
  return `${what} of ${device === '+' ? 'every device' : device} under ${base}`
}

/** A box that publishes every frame is not silent for so long. */
const SILENCE_MS = 10_000
/** And on many a scene something moves within this. */
const EVENTLESS_MS = 60_000

function silent({ base, device, eventsOnly }: SubscribeOptions, ms: number): string {
  const dev = device === '+' ? 'no box' : `no box ${device}`
  return eventsOnly
    ? `no event in ${ms / 1000} s, nothing came and nothing went, or ${dev} publishes under ${base}, without --events frames would show that it does`
    : `nothing has come in ${ms / 1000} s, ${dev} publishes here under ${base}, or its cameras are away, or they publish only changes and events (blindsight status says so on the box); --broker, --base and --device name another place`
}

/** Longer than a box takes to make one. */
const ASK_AGAIN_MS = 3000

class Follower {
  readonly over: Promise<void>
  private results = 0
  private events = 0
  private bitstreams = 0
  private readonly files: BitFiles
  private invalid = 0
  private ended = false
  private readonly ledger = new Ledger()
  private readonly eventLedger = new EventLedger()
  private resolve!: () => void
  private reject!: (failure: Failure) => void

  constructor(
    private readonly options: SubscribeOptions,
    private readonly output: Output,
    private readonly askKeyframe: (dev: string, cam: string) => void,
  ) {
    this.files = new BitFiles(options.bitsDir ?? '.')
    this.over = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
    // It may fail before anybody waits for it.
    this.over.catch(() => {})
  }

  /** Whether anything has come. */
  begun = false

  /** Of what `count` is about. */
  get counted(): number {
    return this.options.eventsOnly ? this.events : this.results
  }

  end(failure?: Failure): void {
    this.ended = true
    if (failure) this.reject(failure)
    else this.resolve()
  }

  receive(message: Message): void {
    this.begun = true
    if (this.ended) return
    let incoming: Incoming
    try {
      incoming = readIncoming(this.options.base, message)
    } catch (error) {
      this.invalid++
      this.output.warn(`invalid message ignored, ${printable(message.topic)}: ${printable((error as Error).message)}`)
      return
    }
    if (incoming.kind === 'evt') {
      this.happened(incoming)
      return
    }
    const verdict = this.ledger.note(incoming.key, incoming.hist, incoming.prev)
    if (verdict.what === 'duplicate') return
    if (verdict.what === 'new' && verdict.opened) this.output.warn(`missing so far, ${gapText(verdict.opened)}`)
    try {
      this.keep(incoming)
    } catch (error) {
      this.end(asFailure(error))
    }
  }

  summary(): Summary {
    const { filled } = this.ledger
    const { results, events } = this
    const duplicates = this.ledger.duplicates + this.eventLedger.duplicates
    const counts = {
      results,
      events,
      bitstreams: this.bitstreams,
      unusable: this.files.unplaced,
      invalid: this.invalid,
      duplicates,
      filled,
    }
    return summarize(counts, this.ledger.gaps())
  }

  private happened(incoming: Extract<Incoming, { kind: 'evt' }>): void {
    if (!this.eventLedger.note(incoming.event)) return
    this.events++
    this.print(incoming, incoming.json)
  }

  private print(incoming: Incoming, json: unknown): void {
    this.output.out(this.options.json ? JSON.stringify(json) : resultLine(incoming))
    if (this.counted === this.options.count) this.end()
  }

  private keep(incoming: Exclude<Incoming, { kind: 'evt' }>): void {
    const { options, output } = this
    if (incoming.kind === 'bits') {
      const placed = this.files.keep(incoming.key, incoming.bytes)
      this.bitstreams += placed
      // History has no keyframes to come but its own.
      if (placed === 0 && !incoming.hist) this.askKeyframe(incoming.key.dev, incoming.key.cam)
      if (placed === 0) return
      if (!options.json) output.out(resultLine(incoming))
      return
    }
    this.results++
    this.print(incoming, incoming.json)
  }
}

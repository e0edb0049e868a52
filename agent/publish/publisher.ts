/**
 * Empties the outbox into the broker: newest work first, history behind it at a limited rate. Every message is settled by
 * itself, with its PUBACK or a refusal that is final; whatever a lost connection leaves unsettled goes again on the next one
 * (at least once; subscribers de-duplicate by dev, cam, boot, seq), and nothing else does.
 */
import type { ResultKind, Topics } from '../../contract/topics.js'
import { messageOf } from '../errors.js'
import type { Log } from '../log.js'
import { ALL_PARTS, type NewFrame, type Outbox, Part, type StoredFrame } from '../outbox.js'
import { Acknowledged } from './acknowledged.js'
import { Branches, type Waits } from './branches.js'
import { Ledger, type Row } from './ledger.js'
import { type Link, LinkError, type Loss, sizeOf } from './mqtt.js'
import { PACKET_TOO_LARGE } from './reasons.js'
import { type Message, messagesOf } from './results.js'
import { Service } from './service.js'
import { Sizes } from './sizes.js'
import { type Suspect, Suspects } from './suspects.js'

/** Messages unacknowledged at once, and their bytes. Enough to fill a long link, little to send again. */
const WINDOW_MESSAGES = 48
const WINDOW_BYTES = 4e6
const MESSAGES_OF_A_FRAME = 3
/** A frame this old when the connection comes is history: it goes to hist/ and never overwrites "now". */
const HISTORY_AGE_MS = 10_000
const HISTORY_TICK_MS = 20
/** Frames looked at in a tick; those that only wait for a refused topic are passed over. */
const HISTORY_LOOKS = 50
/** Between two passes over what waits for refused topics. */
const SWEEP_MS = 1000
/** Late messages and suspects wait for another one to find out whether a refused topic is open again; for so long, if none comes. */
const NOBODY_TRIED_MS = 10_000
/** Reason codes of a PUBACK that will be the same for this message the next time: packet too large, bad payload format. */
const FINAL = new Set([PACKET_TOO_LARGE, 0x99])
/** The limit's name in log and health. */
const SIZE = 'message size'
const KINDS = Object.keys(Part) as ResultKind[]

export interface PublisherOptions {
  readonly topics: Topics
  readonly historyPerSecond: number
  /** Of a topic that the broker refuses. */
  readonly refusedWaits?: Waits
  /** For whom nobody tries it. */
  readonly nobodyTriedMs?: number
  /** The box's own time, which frames are stamped by. */
  readonly nowMs?: () => number
}

interface Flight extends Suspect {
  readonly id: number
  readonly part: number
  readonly topic: string
  readonly bytes: number
  readonly epoch: number
  readonly frame: StoredFrame
  readonly message: Message
  readonly row: Row
}

export class Publisher {
  /** Frames, but `messages` (handed over) and `refused` (by the broker, to be tried later). */
  readonly counters = { published: 0, acked: 0, deadLetters: 0, backfilled: 0, unstored: 0, messages: 0, refused: 0 }
  readonly acknowledged = new Acknowledged()
  /** Told how long each frame took from hand-over to its last PUBACK, milliseconds. */
  onAcked: ((ms: number, frame: StoredFrame) => void) | undefined
  private link: Link | undefined
  private generation = 0
  /** Of the outbox. */
  private epoch = 0
  private readonly branches: Branches
  private readonly suspects = new Suspects<Pick<Flight, 'key' | 'id' | 'part' | 'topic'>>()
  private readonly ledger: Ledger
  private readonly sizes = new Sizes()
  /** Under way, in the order of sending. */
  private readonly flights = new Set<Flight>()
  private flightBytes = 0
  /** Goes when nothing else is under way, and nothing goes beside it: the broker may hang up on it. */
  private probe: Flight | undefined
  private alone = false
  /** In a row, with messages under way; so many are then sent with nothing beside them. */
  private hangUps = 0
  private oneByOne = 0
  private liveCursor = 0
  private historyCursor = 0
  private historyEnd = 0
  private historyDue = 0
  private historySaid = 0
  private sweepAgain = false
  private historyTimer: NodeJS.Timeout | undefined
  private retryTimer: NodeJS.Timeout | undefined
  private readonly cams = new Set<string>()

  constructor(
    private readonly outbox: Outbox,
    private readonly options: PublisherOptions,
    private readonly log: Log,
    private readonly service = new Service(log),
  ) {
    this.branches = new Branches(options.refusedWaits)
    this.ledger = new Ledger(outbox, log)
  }

  private nowMs(): number {
    return this.options.nowMs?.() ?? Date.now()
  }

  /** A connection is there. */
  attach(link: Link, nowMs = this.nowMs()): void {
    this.detach()
    this.link = link
    this.branches.connected()
    this.sizes.connected()
    const historyEnd = this.outbox.lastUnpublishedBefore((nowMs - HISTORY_AGE_MS) * 1000)
    this.liveCursor = historyEnd
    if (historyEnd > 0) {
      this.log.info({ upTo: historyEnd }, 'back-filling what was not published before')
      this.sweep()
    }
    this.askSuspect(historyEnd)
    this.retryLater()
    this.wake()
  }

  /** Another outbox is there, or one that was not to be had: what waits in it is history. */
  again(): void {
    // Ids of the one before say nothing in this one.
    this.epoch++
    this.flights.clear()
    this.ledger.forget()
    this.suspects.current = undefined
    if (this.link) this.attach(this.link)
  }

  /** The connection is gone; what was under way goes again on the next one. */
  detach(loss?: Loss): void {
    const [first] = this.flights
    if (loss?.refused) {
      this.branches.hungUp(loss.refused.topic)
      if (loss.refused.bytes >= this.sizes.tooLarge) this.sizes.hungUp(loss.refused.bytes)
    } else if (first && first.id > 0 && loss?.hungUp) {
      // Some brokers hang up without the acknowledgements of what came before: then it shows only one by one.
      this.hangUps++
      if (this.hangUps > 1) this.oneByOne = WINDOW_MESSAGES
      this.strike(first, loss.reason)
    }
    this.generation++
    this.link = undefined
    this.flights.clear()
    this.flightBytes = 0
    this.probe = undefined
    this.alone = false
    clearInterval(this.historyTimer)
    clearTimeout(this.retryTimer)
    this.historyTimer = undefined
    this.sweepAgain = false
    this.ledger.ground()
    this.flush()
  }

  /** Frames have been committed: sends them as far as the window allows. */
  wake(): void {
    while (this.free) {
      const frames = this.read(this.liveCursor, Number.MAX_SAFE_INTEGER, Math.ceil(this.room / MESSAGES_OF_A_FRAME))
      if (frames.length === 0) return
      if (this.late(frames[0]!)) continue
      for (const frame of frames) {
        if (!this.free) return
        this.liveCursor = frame.id
        this.send(frame, false)
        if (!this.probe && !this.alone) continue
        this.liveCursor = frame.id - 1 // the rest of it goes when the one that goes alone is done
        return
      }
    }
  }

  /** A line that is slower than the cameras: what has waited too long is history, so that live frames stay so. @returns whether some was passed over */
  private late({ timeUs }: StoredFrame): boolean {
    const oldestUs = (this.nowMs() - HISTORY_AGE_MS) * 1000
    const end = timeUs < oldestUs ? this.outbox.lastUnpublishedBefore(oldestUs) : 0
    if (end <= this.liveCursor) return false
    this.liveCursor = end
    this.sweep()
    return true
  }

  /**
   * Publishes the results of a frame that the archive could not take, once, without its bitstream.
   * @returns false when nobody would get them: no connection, a full window, or topics that the broker refuses
   */
  sendUnstored(frame: NewFrame): boolean {
    if (!this.free) return false
    const sent = this.send({ ...frame, id: 0, parts: frame.parts & ~Part.bits }, false)
    if (sent) this.counters.unstored++
    return sent
  }

  /** Writes what is settled and waits for its turn. */
  flush(): void {
    this.ledger.flush()
  }

  /** Messages that may be under way at once. */
  private get window(): number {
    return this.oneByOne > 0 ? 1 : Math.min(WINDOW_MESSAGES, this.link?.receiveMaximum ?? 0)
  }

  /** Messages that may still be handed over; at least one, whatever its size. */
  private get room(): number {
    return this.flightBytes >= WINDOW_BYTES ? 0 : this.window - this.flights.size
  }

  /** Half of the window is for live frames alone, and the half that they leave free is for history, however long the line is. */
  private get historyFits(): boolean {
    if (!this.free) return false
    const underWay = [...this.flights].filter(({ message }) => message.topic !== message.live)
    return underWay.length < this.window / 2
  }

  private get free(): boolean {
    return this.link !== undefined && !this.probe && !this.alone && this.room > 0
  }

  /** Unpublished frames, without those that only wait for topics that are refused. */
  private read(after: number, upTo: number, limit: number): StoredFrame[] {
    const held = KINDS.filter(
      (kind) =>
        this.cams.size > 0 &&
        [...this.cams].every((cam) => this.branches.state(this.options.topics.result(kind, cam)) === 'held'),
    )
    const parts = held.reduce((mask, kind) => mask & ~Part[kind], ALL_PARTS)
    try {
      return parts ? this.outbox.unpublished(after, upTo, limit, parts) : []
    } catch (error) {
      this.log.warn({ reason: messageOf(error) }, 'the outbox cannot be read; tried again with the next frame')
      return []
    }
  }

  /** @returns whether anything of it is under way now */
  private send(frame: StoredFrame, hist: boolean, only: number = ALL_PARTS): boolean {
    this.cams.add(frame.cam)
    const row = this.ledger.of(frame)
    const parts = row.left & ~row.busy & only
    if (parts === 0) return false
    let messages: Message[]
    try {
      messages = messagesOf({ ...frame, parts }, this.options.topics, hist, this.nowMs())
    } catch (error) {
      this.deadLetter(
        frame,
        row,
        parts,
        'outbox',
        `the result of ${frame.cam}/${frame.boot}/${frame.seq} cannot be read (${messageOf(error)})`,
      )
      return false
    }
    const made = messages.reduce((mask, { part }) => mask | part, 0)
    if (parts & ~made) this.ledger.settle(frame.id, row, parts & ~made)
    let sent = 0
    const { epoch } = this
    for (const message of messages) {
      const bytes = sizeOf(message.topic, message.payload, message.properties)
      const [{ id }, { part }] = [frame, message]
      const flight = { key: `${id}/${part}`, id, part, topic: message.topic, bytes, frame, message, row, epoch }
      if (this.mayGo(flight, hist)) sent += Number(this.deliver(flight))
      if (this.probe || this.alone) break
    }
    if (sent && !row.given && frame.id) {
      row.given = true
      this.counters.published++
      if (hist) this.counters.backfilled++
    }
    return sent > 0
  }

  private mayGo(flight: Flight, hist: boolean): boolean {
    const { topic, frame } = flight
    // What waits for its own topic does not slip out under hist/.
    const { live } = flight.message
    if (hist && this.branches.state(live) !== 'open' && !this.nobodyTried(live)) return false
    const state = this.branches.state(topic)
    const suspect = this.suspects.isSuspect(flight)
    if (state === 'held' || (state === 'due' && suspect && !this.nobodyTried(topic))) return false
    if (suspect || (state === 'due' && this.branches.hangsUp(topic))) {
      if (frame.id && !this.probe && !this.alone) this.askAlone(flight)
      return false
    }
    return true
  }

  private nobodyTried(topic: string): boolean {
    return this.branches.overdueMs(topic) >= (this.options.nobodyTriedMs ?? NOBODY_TRIED_MS)
  }

  private askAlone(flight: Flight): void {
    this.probe = flight
    if (this.flights.size === 0) this.startProbe()
  }

  private startProbe(): void {
    const { probe } = this
    this.probe = undefined
    if (!probe) return
    this.alone = this.deliver(probe)
    if (!this.alone) this.wake()
  }

  /** The message that was first under way when the last connection ended. */
  private askSuspect(historyEnd: number): void {
    const { current } = this.suspects
    if (!current || this.branches.state(current.topic) === 'held') return
    const [frame] = this.outbox.unpublished(current.id - 1, current.id, 1)
    const old = current.id <= historyEnd
    if (!frame || !(frame.parts & current.part)) this.suspects.current = undefined
    // Of history, it goes alone when its turn comes: before older ones it would be out of order.
    else if (!old || this.outbox.unpublished(0, current.id - 1, 1).length === 0) this.send(frame, old, current.part)
  }

  private deliver(flight: Flight): boolean {
    const { link } = this
    const { frame, message, row, bytes, topic } = flight
    if (!link) return false
    if (bytes >= this.sizes.tooLarge) {
      this.deadLetter(
        frame,
        row,
        flight.part,
        SIZE,
        `${topic}: ${bytes} bytes, and the broker did not take ${this.sizes.tooLarge}`,
      )
      return false
    }
    const { generation } = this
    this.branches.trying(topic)
    this.ledger.goes(frame.id, row, flight.part)
    this.flights.add(flight)
    this.flightBytes += bytes
    this.counters.messages++
    const { payload, properties } = message
    link.publish(topic, payload, { qos: 1, properties }).then(
      () => this.landed(flight, generation),
      (error) => this.landed(flight, generation, error),
    )
    return true
  }

  private landed(flight: Flight, generation: number, error?: LinkError): void {
    const { frame, row, part } = flight
    const stale = generation !== this.generation
    // Acknowledged just before the connection went: still done, and not to be sent again.
    if (!error) this.taken(flight)
    if (stale) return
    this.flights.delete(flight)
    this.flightBytes -= flight.bytes
    if (this.flights.size === 0) this.alone = false
    this.ledger.landed(frame.id, row, part)
    if (error instanceof LinkError && error.code === 'lost') return
    if (error) this.notTaken(flight, error)
    if (this.probe && this.flights.size === 0) this.startProbe()
    else this.wake()
  }

  private taken(flight: Flight): void {
    const { frame, row, part, topic, bytes } = flight
    this.sizes.taken(bytes)
    this.suspects.taken(flight)
    if (this.oneByOne > 0) this.oneByOne--
    else if (!this.alone) this.hangUps = 0
    if (this.branches.taken(topic)) {
      this.service.restored(topic)
      if (this.link) this.sweep()
    }
    if (frame.id === 0 || flight.epoch !== this.epoch) return
    this.ledger.settle(frame.id, row, part)
    this.acknowledged.note(frame, flight.message.kind)
    if (row.left || row.lost) return
    this.counters.acked++
    this.onAcked?.(performance.now() - row.started, frame)
  }

  private notTaken(flight: Flight, error: LinkError): void {
    const { frame, row, part, topic, bytes } = flight
    if (error.reason === PACKET_TOO_LARGE) this.sizes.refused(bytes)
    if (error.code === 'too_large' || FINAL.has(error.reason ?? 0)) {
      this.deadLetter(frame, row, part, error.reason === 0x99 ? topic : SIZE, error.message)
      this.branches.untried(topic)
      return
    }
    this.counters.refused++
    this.branches.refused(topic, error.reason ?? 0)
    this.service.reduced(topic, error.message)
    this.retryLater()
  }

  private retryLater(): void {
    clearTimeout(this.retryTimer)
    const wait = this.branches.nextMs
    if (wait === undefined || !this.link) return
    this.retryTimer = setTimeout(
      () => {
        if (!this.historyTimer) this.sweep()
        this.retryLater()
      },
      Math.max(SWEEP_MS, wait + 1),
    )
  }

  private strike(flight: Flight, reason?: number): void {
    const { frame, row, topic, bytes } = flight
    if (this.alone && this.branches.hangsUp(topic) && !this.suspects.isSuspect(flight)) {
      this.branches.refused(topic, 'hang_up')
      return
    }
    const verdict = this.suspects.strike({ key: flight.key, id: flight.id, part: flight.part, topic }, reason)
    if (verdict?.kind === 'topic') {
      this.branches.refused(topic, 'hang_up')
      this.service.reduced(
        topic,
        `the broker hangs up on messages of this topic; allow this box's user to write it, or look into the broker's log`,
      )
    }
    if (verdict?.kind === 'message') {
      const large = this.sizes.hungUp(bytes)
      const key = large ? SIZE : `${topic} (one message)`
      this.deadLetter(frame, row, flight.part, key, `${topic}: the broker hangs up on a message of ${bytes} bytes`)
    }
  }

  private deadLetter({ id }: StoredFrame, row: Row, parts: number, key: string, reason: string): void {
    if (!row.lost) this.counters.deadLetters++
    row.lost = true
    const rest = 'what it does not take stays in the archive and is not tried again'
    const todo = key === SIZE ? 'raise its limit, or make frames smaller (fps, size, publishBitstreams: false); ' : ''
    this.service.reduced(key, `${reason}; ${todo}${rest}`, { fades: true })
    this.ledger.settle(id, row, parts)
  }

  /** Goes once over all that is still in the outbox behind the live frames, at the rate of history. */
  private sweep(): void {
    if (!this.link) return
    this.sweepAgain = this.historyTimer !== undefined
    if (this.sweepAgain) return
    this.historyCursor = 0
    this.historyEnd = this.liveCursor
    this.historyDue = 1
    this.historySaid = this.counters.backfilled
    this.historyTimer = setInterval(() => this.sendHistory(), HISTORY_TICK_MS)
  }

  private sendHistory(): void {
    this.historyDue = Math.min(
      WINDOW_MESSAGES,
      this.historyDue + (this.options.historyPerSecond * HISTORY_TICK_MS) / 1000,
    )
    for (let looks = 0; looks < HISTORY_LOOKS && this.historyDue >= 1; looks++) {
      if (!this.historyFits) return
      const found = this.read(this.historyCursor, this.historyEnd, 1)
      for (const frame of found) {
        this.historyCursor = frame.id
        if (this.send(frame, true)) this.historyDue--
        if (this.probe || this.alone) this.historyCursor = frame.id - 1
      }
      if (found.length > 0) continue
      clearInterval(this.historyTimer)
      this.historyTimer = undefined
      const frames = this.counters.backfilled - this.historySaid
      if (frames > 0) this.log.info({ frames }, 'history is back-filled')
      if (this.sweepAgain) this.sweep()
      return
    }
  }
}

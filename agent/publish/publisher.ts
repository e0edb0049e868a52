/**
 * Empties the outbox into the broker: newest work first, history behind it at a limited rate. A frame leaves the outbox
 * after the last PUBACK of its messages; whatever a lost connection leaves unacknowledged goes again on the next one
 * (at least once; subscribers de-duplicate by dev, cam, boot, seq).
 */
import type { Topics } from '../../contract/topics.js'
import { messageOf } from '../errors.js'
import type { Log } from '../log.js'
import { type NewFrame, type Outbox, Part, type StoredFrame } from '../outbox.js'
import type { Link, LinkError } from './mqtt.js'
import { messagesOf } from './results.js'

/** Frames unacknowledged at once; three messages each. Enough to fill a long link, little to send again. */
const WINDOW_FRAMES = 16
/** A frame this old when the connection comes is history: it goes to hist/ and never overwrites "now". */
const HISTORY_AGE_MS = 10_000
/** Reason codes of a PUBACK that will be the same the next time: bad topic name, bad payload format, packet too large. */
const FINAL = new Set([0x90, 0x99, 0x95])
/** A frame that was not taken (quota, access rights that somebody will mend) is tried again after this long. */
const REFUSED_RETRY_MS = 10_000
/** Connections that may be lost with a frame under way before it goes alone, and before it is given up. */
const SUSPECT_LOSSES = 3
const POISON_LOSSES = 5
/** Acknowledged frames are removed together: one short transaction instead of one per frame. */
const ACK_FLUSH_MS = 50

export interface PublisherOptions {
  readonly topics: Topics
  readonly historyPerSecond: number
}

export class Publisher {
  readonly counters = { published: 0, acked: 0, deadLetters: 0, backfilled: 0, unstored: 0 }
  /** Told how long each frame took from hand-over to its last PUBACK, milliseconds. */
  onAcked: ((ms: number) => void) | undefined
  private link: Link | undefined
  private generation = 0
  private inFlight = 0
  private liveCursor = 0
  private historyCursor = 0
  private historyEnd = 0
  private historyTimer: NodeJS.Timeout | undefined
  private flushTimer: NodeJS.Timeout | undefined
  private acked: number[] = []
  /** Frames that were under way when connections were lost, and how often: one that the broker hangs up on is among them. */
  private readonly losses = new Map<number, number>()
  private alone = false
  /** When the broker last refused a message that it may take later; 0: never. */
  refusedAt = 0
  private refusedTimer: NodeJS.Timeout | undefined

  constructor(
    private readonly outbox: Outbox,
    private readonly options: PublisherOptions,
    private readonly log: Log,
  ) {}

  /** A connection is there. */
  attach(link: Link, nowMs = Date.now()): void {
    this.detach()
    this.link = link
    this.historyCursor = 0
    this.historyEnd = this.outbox.lastUnpublishedBefore((nowMs - HISTORY_AGE_MS) * 1000)
    this.liveCursor = this.historyEnd
    if (this.historyEnd > 0) {
      this.log.info({ upTo: this.historyEnd }, 'back-filling what was not published before')
      this.historyTimer = setInterval(() => this.sendHistory(), 1000 / this.options.historyPerSecond)
    }
    this.wake()
  }

  /** Another outbox is there, or one that was not to be had: what waits in it is history. */
  again(): void {
    if (this.link) this.attach(this.link)
  }

  /** The connection is gone; what was under way goes again on the next one. */
  detach(): void {
    this.generation++
    this.link = undefined
    this.inFlight = 0
    clearInterval(this.historyTimer)
    clearTimeout(this.refusedTimer)
    this.refusedTimer = undefined
    this.alone = false
    this.flush()
  }

  /** Frames have been committed: sends them as far as the window allows. */
  wake(): void {
    const room = this.window - this.inFlight
    if (!this.link || room <= 0 || this.alone) return
    for (const frame of this.outbox.unpublished(this.liveCursor, Number.MAX_SAFE_INTEGER, room)) {
      const suspect = this.isSuspect(frame)
      if (suspect && this.inFlight > 0) return
      this.liveCursor = frame.id
      this.alone = suspect
      void this.send(this.link, frame, false)
      if (suspect) return
    }
  }

  /**
   * Publishes the results of a frame that the archive could not take, once, without its bitstream.
   * @returns false when nobody would get them: no connection, or a full window
   */
  sendUnstored(frame: NewFrame): boolean {
    const results = { ...frame, id: 0, parts: frame.parts & ~Part.bits }
    if (!this.link || this.inFlight >= this.window || results.parts === 0) return false
    this.counters.unstored++
    const generation = this.generation
    const link = this.link
    this.inFlight++
    const messages = messagesOf(results, this.options.topics, false, Date.now())
    void Promise.allSettled(
      messages.map(({ topic, payload, properties }) => link.publish(topic, payload, { qos: 1, properties })),
    ).then(() => {
      if (generation !== this.generation) return
      this.inFlight--
      this.wake()
    })
    return true
  }

  /** Writes the acknowledgements that wait for their turn. */
  flush(): void {
    clearTimeout(this.flushTimer)
    this.flushTimer = undefined
    const ids = this.acked
    this.acked = []
    try {
      this.outbox.acknowledge(ids)
    } catch (error) {
      // A full disk: forgotten with the next ones; until then a new connection may send them again.
      this.acked = ids
      this.log.warn({ reason: messageOf(error) }, 'acknowledged frames could not be taken out of the outbox')
    }
  }

  private get window(): number {
    return Math.max(1, Math.min(WINDOW_FRAMES, Math.floor((this.link?.receiveMaximum ?? 1) / 3)))
  }

  private sendHistory(): void {
    // Live frames have the first half of the window to themselves.
    if (!this.link || this.alone || this.inFlight >= this.window / 2) return
    const [frame] = this.outbox.unpublished(this.historyCursor, this.historyEnd, 1)
    if (!frame) {
      clearInterval(this.historyTimer)
      this.log.info({ frames: this.counters.backfilled }, 'history is back-filled')
      return
    }
    const suspect = this.isSuspect(frame)
    if (suspect && this.inFlight > 0) return
    this.alone = suspect
    this.historyCursor = frame.id
    this.counters.backfilled++
    void this.send(this.link, frame, true)
  }

  private isSuspect({ id }: StoredFrame): boolean {
    return (this.losses.get(id) ?? 0) >= SUSPECT_LOSSES
  }

  private async send(link: Link, frame: StoredFrame, hist: boolean): Promise<void> {
    const generation = this.generation
    const started = performance.now()
    const { alone } = this
    this.inFlight++
    this.counters.published++
    const messages = messagesOf(frame, this.options.topics, hist, Date.now())
    const outcomes = await Promise.allSettled(
      messages.map(({ topic, payload, properties }) => link.publish(topic, payload, { qos: 1, properties })),
    )
    const failures = outcomes.flatMap((o) => (o.status === 'rejected' ? [o.reason as LinkError] : []))
    if (failures.some(({ code }) => code === 'lost')) this.lost(frame, alone)
    if (generation !== this.generation) {
      // Acknowledged just before the connection went: still done, and not to be sent again.
      if (failures.length === 0) this.done(frame)
      return
    }
    this.inFlight--
    if (alone) this.alone = false
    const final = failures.filter(({ code, reason }) => code === 'too_large' || FINAL.has(reason ?? 0))
    if (failures.length > final.length) {
      const refused = failures.find(({ code }) => code === 'rejected')
      if (refused) this.tryAgain(frame, refused.message)
      return // the frame stays in the outbox
    }
    if (final[0]) {
      this.deadLetter(frame, final[0].message)
    } else {
      this.onAcked?.(performance.now() - started)
      this.done(frame)
    }
    this.wake()
  }

  /** A broker may hang up on a message that it does not like. Which one it was shows when it goes alone. */
  private lost(frame: StoredFrame, alone: boolean): void {
    const losses = (this.losses.get(frame.id) ?? 0) + 1
    this.losses.set(frame.id, losses)
    if (!alone || losses < POISON_LOSSES) return
    this.deadLetter(frame, `${frame.cam}/${frame.boot}/${frame.seq}: the broker hung up on it ${losses} times`)
  }

  private tryAgain(frame: StoredFrame, reason: string): void {
    this.refusedAt = performance.now()
    if (this.refusedTimer) return
    this.log.error({ reason, retryMs: REFUSED_RETRY_MS }, 'the broker did not take a message; it stays in the outbox')
    this.refusedTimer = setTimeout(() => {
      this.refusedTimer = undefined
      this.liveCursor = Math.min(this.liveCursor, frame.id - 1)
      this.wake()
    }, REFUSED_RETRY_MS)
  }

  private deadLetter(frame: StoredFrame, reason: string): void {
    if (this.counters.deadLetters++ === 0)
      this.log.error({ reason }, 'a message cannot be delivered; its frame stays in the archive and is not tried again')
    this.forget(frame)
  }

  private done(frame: StoredFrame): void {
    this.counters.acked++
    this.forget(frame)
  }

  private forget(frame: StoredFrame): void {
    this.losses.delete(frame.id)
    this.acked.push(frame.id)
    if (!this.flushTimer) this.flushTimer = setTimeout(() => this.flush(), ACK_FLUSH_MS)
  }
}

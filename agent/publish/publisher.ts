/**
 * Empties the outbox into the broker: newest work first, history behind it at a limited rate. A frame leaves the outbox
 * after the last PUBACK of its messages; whatever a lost connection leaves unacknowledged goes again on the next one
 * (at least once; subscribers de-duplicate by dev, cam, boot, seq).
 */
import type { Topics } from '../../contract/topics.js'
import { messageOf } from '../errors.js'
import type { Log } from '../log.js'
import { type NewFrame, type Outbox, Part, type StoredFrame } from '../outbox.js'
import { type Link, LinkError } from './mqtt.js'
import { messagesOf } from './results.js'

/** Frames unacknowledged at once; three messages each. Enough to fill a long link, little to send again. */
const WINDOW_FRAMES = 16
/** A frame this old when the connection comes is history: it goes to hist/ and never overwrites "now". */
const HISTORY_AGE_MS = 10_000
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

  /** The connection is gone; what was under way goes again on the next one. */
  detach(): void {
    this.generation++
    this.link = undefined
    this.inFlight = 0
    clearInterval(this.historyTimer)
    this.flush()
  }

  /** Frames have been committed: sends them as far as the window allows. */
  wake(): void {
    const room = this.window - this.inFlight
    if (!this.link || room <= 0) return
    for (const frame of this.outbox.unpublished(this.liveCursor, Number.MAX_SAFE_INTEGER, room)) {
      this.liveCursor = frame.id
      void this.send(this.link, frame, false)
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
    if (!this.link || this.inFlight >= this.window / 2) return
    const [frame] = this.outbox.unpublished(this.historyCursor, this.historyEnd, 1)
    if (!frame) {
      clearInterval(this.historyTimer)
      this.log.info({ frames: this.counters.backfilled }, 'history is back-filled')
      return
    }
    this.historyCursor = frame.id
    this.counters.backfilled++
    void this.send(this.link, frame, true)
  }

  private async send(link: Link, frame: StoredFrame, hist: boolean): Promise<void> {
    const generation = this.generation
    const started = performance.now()
    this.inFlight++
    this.counters.published++
    const messages = messagesOf(frame, this.options.topics, hist, Date.now())
    const outcomes = await Promise.allSettled(
      messages.map(({ topic, payload, properties }) => link.publish(topic, payload, { qos: 1, properties })),
    )
    if (generation !== this.generation) {
      // Acknowledged just before the connection went: still done, and not to be sent again.
      if (outcomes.every((o) => o.status === 'fulfilled')) this.done(frame)
      return
    }
    this.inFlight--
    const failures = outcomes.flatMap((o) => (o.status === 'rejected' ? [o.reason as Error] : []))
    const final = failures.filter((f) => f instanceof LinkError && (f.code === 'too_large' || f.code === 'rejected'))
    if (failures.length > final.length) return // the connection is going; the frame stays in the outbox
    for (const { message } of final) {
      if (this.counters.deadLetters++ === 0)
        this.log.error(
          { reason: message },
          'a message cannot be delivered; it stays in the archive and is not tried again',
        )
    }
    this.onAcked?.(performance.now() - started)
    this.done(frame)
    this.wake()
  }

  private done(frame: StoredFrame): void {
    this.counters.acked++
    this.acked.push(frame.id)
    if (!this.flushTimer) this.flushTimer = setTimeout(() => this.flush(), ACK_FLUSH_MS)
  }
}

/** A box without cameras and networks: archive, outbox, publishing, presence and answers to requests are the agent's own. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { z } from 'zod'
import { Archive } from '../../agent/archive/archive.js'
import type { Log } from '../../agent/log.js'
import { Presence } from '../../agent/publish/presence.js'
import { Publisher } from '../../agent/publish/publisher.js'
import { messagesOf } from '../../agent/publish/results.js'
import { Requests } from '../../agent/retrieve/requests.js'
import type { HealthMessage } from '../../contract/messages.js'
import { Topics } from '../../contract/topics.js'
import { limits } from '../agent/archive/frames.js'
import { Frames } from './frames.js'

const CAM = 'street'
const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} }

export class Box {
  readonly boot = randomBytes(8).toString('hex')
  frames = 0
  events = 0
  private readonly archive: Archive
  private readonly publisher: Publisher
  private readonly presence: Presence
  private readonly made: Frames
  private readonly topics: Topics
  private readonly madeAt = performance.now()

  constructor(
    readonly dev: string,
    url: string,
    dir: string,
    random: () => number,
  ) {
    const topics = new Topics('blindsight', dev)
    this.topics = topics
    this.made = new Frames(dev, CAM, this.boot, random)
    this.archive = Archive.open(join(dir, dev))
    this.publisher = new Publisher(this.archive, { topics, historyPerSecond: 50 }, quiet)
    const known = { cam: [CAM], class: ['person'], zone: [], boot: this.boot }
    const requests = new Requests(this.archive, topics, known, (frame) => messagesOf(frame, topics, true, Date.now()))
    this.presence = new Presence({ url, keepaliveSeconds: 30 }, topics, quiet, {
      connected: (link) => this.publisher.attach(link),
      lost: (loss) => this.publisher.detach(loss),
      request: (message, link) =>
        requests.handle(
          message,
          (topic, payload, correlationData) => {
            const properties = correlationData ? { correlationData } : {}
            link.publish(topic, payload, { qos: 1, properties }).catch(() => {})
          },
          link.maximumPacketSize,
        ),
    })
    this.presence.setState('online')
  }

  start(): void {
    this.presence.start()
  }

  /** A frame is taken, committed, and goes out. */
  take(): void {
    const frame = this.made.next(Date.now())
    this.archive.commit(frame)
    this.frames++
    this.events += (frame.events ?? []).filter(({ phase }) => phase === 'start').length
    this.publisher.wake()
  }

  /** What the broker has not acknowledged. */
  get waiting(): number {
    return this.archive.stats.outboxRows
  }

  /** As the agent does from time to time. */
  upkeep(): void {
    this.announceHealth()
    this.archive.enforce(limits, { timeMs: Date.now(), bootMs: performance.now(), known: true, sure: true })
  }

  /** What a collector reads of it: how far the broker has what was published. */
  private announceHealth(): void {
    const { boot, archive, publisher } = this
    const newest = publisher.acknowledged.of(CAM, boot)
    const { outboxRows, outboxBytes, frames, bytes } = archive.stats
    this.presence.announce(this.topics.health(), {
      v: 1,
      ts: new Date().toISOString(),
      uptime_s: Math.round((performance.now() - this.madeAt) / 1000),
      cams: [
        {
          id: CAM,
          state: 'online',
          fps_in: 0,
          fps_encoded: 0,
          dropped: 0,
          ...(newest && { newest: { boot, ...newest } }),
        },
      ],
      drops: {},
      outbox: { frames: outboxRows, bytes: outboxBytes, oldest_s: 0 },
      archive: { frames, bytes, evicted: 0, days_left: null },
      published: { ...publisher.counters },
      requests: {},
      ms: {},
      rss_mb: 0,
      temp_c: null,
    } satisfies z.input<typeof HealthMessage>)
  }

  async stop(): Promise<void> {
    this.publisher.flush()
    this.publisher.detach()
    await this.presence.stop()
    this.archive.close()
  }
}

/** The boxes of one broker as a source: what they publish, and their archives on request. */
import { resultFilters, Topics } from '../../contract/topics.js'
import { Link } from '../broker/link.js'
import type { BrokerSettings, Message } from '../broker/mqtt.js'
import { type Failure, printable } from '../failure.js'
import { EventLedger } from '../listen/event-ledger.js'
import { type Incoming, readIncoming } from '../listen/incoming.js'
import type { AuditLog } from './audit.js'
import { Archives } from './box/archives.js'
import { Audience } from './box/audience.js'
import { foundIn } from './box/found.js'
import { Minutes } from './box/minutes.js'
import { Recent } from './box/recent.js'
import { Roster } from './box/roster.js'
import { Tails } from './box/tail.js'
import type {
  Activity,
  Audit,
  CameraView,
  EventQuery,
  FrameResult,
  LiveMessage,
  Results,
  SegmentQuery,
  ViewSource,
} from './source.js'

export interface BoxOptions {
  readonly broker: BrokerSettings
  readonly base: string
  /** '+': every box of the broker */
  readonly device: string
  readonly timeoutMs: number
  readonly audit: AuditLog
  notice(text: string): void
}

/** Longer than a box takes to make one. */
const ASK_AGAIN_MS = 3000

export class BoxSource implements ViewSource {
  private readonly roster = new Roster()
  private readonly audience = new Audience()
  private readonly tails = new Tails()
  private readonly minutes = new Minutes()
  private readonly ledger = new EventLedger()
  private readonly latest = new Map<string, FrameResult>()
  private readonly asked = new Map<string, number>()
  private trouble: string | undefined
  private invalid = 0
  private readonly archives: Archives
  private readonly recents: Recent
  private readonly link: Link

  constructor(private readonly options: BoxOptions) {
    const { base, device, broker, timeoutMs } = options
    const { roster, place } = this
    const wire = { publish: (...args: Parameters<Link['publish']>) => this.link.publish(...args) }
    this.archives = new Archives({ base, device, timeoutMs, place, roster, wire })
    this.recents = new Recent((query) => this.archives.events(query))
    const all = new Topics(base, device)
    const filters = [
      ...[all.state(), all.info(), all.camState('+'), all.camNow('+')],
      ...resultFilters(base, device, ['cls', 'seg', 'evt', 'bits']),
      ...this.archives.filters,
    ]
    this.link = new Link(broker, filters, {
      message: (message) => this.receive(message),
      notice: (text, connected) => {
        if (connected) this.recents.forget()
        this.say(connected ? undefined : `${text}. Nothing comes live until it is there; what is shown is from before.`)
        options.notice(text)
      },
      ended: (failure) => this.end(failure),
    })
  }

  get place(): string {
    return `the broker ${new URL(this.options.broker.url).host}`
  }

  /** @throws {Failure} broker */
  start = (): Promise<void> => this.link.start()
  /** The broker is tried on where it cannot be reached, and all listeners hear that. */
  startPatiently = (): Promise<void> => this.link.startPatiently()
  stop = (): Promise<void> => this.link.stop()

  cameras = async (): Promise<readonly CameraView[]> => this.roster.list()

  live(pictures: ReadonlySet<string>, hear: (message: LiveMessage) => void): () => void {
    for (const camera of this.roster.list()) hear({ kind: 'camera', camera })
    hear({ kind: 'notice', text: this.trouble })
    for (const result of this.latest.values()) hear({ kind: 'result', result })
    for (const camera of pictures) {
      const [dev, cam] = camera.split('/')
      const records = this.tails.get(camera)
      if (records) hear({ kind: 'bits', dev, cam, records })
      else this.keyframe(dev, cam)
    }
    return this.audience.join(pictures, hear)
  }

  keyframe(dev: string, cam: string): void {
    const key = `${dev}/${cam}`
    if (!this.roster.get(dev, cam)) return
    const last = this.asked.get(key)
    if (last !== undefined && performance.now() - last < ASK_AGAIN_MS) return
    this.asked.set(key, performance.now())
    const topics = new Topics(this.options.base, dev)
    const reply = { topic: topics.response('keyframe'), correlation: Buffer.from('keyframe') }
    this.link.publish(topics.request('keyframe'), JSON.stringify({ cam }), reply).catch(() => this.asked.delete(key))
  }

  recent = () => this.recents.list(this.roster.boxNames())
  events = (query: EventQuery) => this.archives.events(query)
  segments = (query: SegmentQuery) => this.archives.segments(query)
  segment = (dev: string, ref: string) => this.archives.segment(dev, ref)

  async activity(dev: string, cam: string, fromMs: number, toMs: number, buckets: number): Promise<Activity> {
    const width = (toMs - fromMs) / buckets
    const recorded = await this.archives.recorded(dev, cam, fromMs, toMs, buckets)
    const motion = recorded.map((_, i) => {
      const from = fromMs + i * width
      return this.minutes.motion(`${dev}/${cam}`, from, from + width) ?? null
    })
    return { recorded, motion }
  }

  /** A box of an earlier version does not know the question: it has no masks but those that come live. */
  async results(dev: string, cam: string, boot: string, fromSeq: number, toSeq: number): Promise<Results> {
    return { items: await this.archives.results(dev, cam, boot, fromSeq, toSeq) }
  }

  audit = (line: Audit): Promise<void> => this.options.audit.write(line)

  private end(failure: Failure): void {
    this.say(failure.message)
    this.archives.abandon(failure)
    this.options.notice(failure.message)
  }

  private receive(message: Message): void {
    const [dev, branch, cam, leaf] = message.topic.slice(`${this.options.base}/v1/`.length).split('/')
    try {
      if (this.archives.receive(message)) return
      if (branch === 'state' || branch === 'info') this.tellCameras(this.boxSays(dev, branch, message.payload))
      else if (branch === 'cam' && (leaf === 'state' || leaf === 'now'))
        this.tellCameras(this.cameraSays(dev, cam, leaf, message.payload))
      else this.happened(readIncoming(this.options.base, message))
    } catch (error) {
      // Told once and then counted: a box of another version would say it with every frame.
      if (this.invalid++ === 0)
        this.options.notice(
          `invalid message ignored, ${printable(message.topic)}: ${printable((error as Error).message).slice(0, 200)}; further ones are ignored silently`,
        )
    }
  }

  private boxSays(dev: string, what: 'state' | 'info', payload: Uint8Array): CameraView[] {
    return payload.length === 0 ? [] : this.roster.box(dev, what, jsonOf(payload))
  }

  private cameraSays(dev: string, cam: string, what: 'state' | 'now', payload: Uint8Array): CameraView[] {
    if (payload.length > 0) return this.roster.camera(dev, cam, what, jsonOf(payload))
    return what === 'state' ? this.roster.forget(dev, cam) : []
  }

  private happened(incoming: Incoming): void {
    const { dev, cam, boot, seq } = incoming.key
    const camera = `${dev}/${cam}`
    if (incoming.kind === 'evt') {
      if (!this.ledger.note(incoming.event)) return
      this.recents.add(incoming.event)
      this.tellCameras(this.roster.event(incoming.event))
      this.audience.tell({ kind: 'event', event: incoming.event })
      return
    }
    // History is in the archive, where it is asked for.
    if (incoming.hist) return
    if (incoming.kind === 'bits') {
      if (!this.tails.add(camera, incoming.bytes)) {
        if (this.audience.watches(camera)) this.keyframe(dev, cam)
        return
      }
      this.audience.tell({ kind: 'bits', dev, cam, records: incoming.bytes })
      return
    }
    const { ts, motion } = incoming.result
    const before = this.latest.get(camera)
    const same = before?.boot === boot && before.seq === seq ? before : undefined
    if (!same) this.minutes.add(camera, Date.parse(ts), motion)
    const tags = incoming.kind === 'cls' ? incoming.result.cls : undefined
    const seg = incoming.kind === 'seg' ? incoming.result.seg : undefined
    const result = { dev, cam, boot, seq, ...foundIn(ts, motion, tags, seg) }
    this.latest.set(camera, { ...same, ...result })
    this.audience.tell({ kind: 'result', result })
  }

  private say(text: string | undefined): void {
    this.trouble = text
    this.audience.tell({ kind: 'notice', text })
  }

  private tellCameras(cameras: readonly CameraView[]): void {
    for (const camera of cameras) this.audience.tell({ kind: 'camera', camera })
  }
}

const jsonOf = (payload: Uint8Array): unknown => JSON.parse(Buffer.from(payload).toString('utf8'))

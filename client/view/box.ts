/** The boxes of one broker as a source: what they publish, and their archives on request. */
import { isoMs } from '../../contract/time.js'
import { resultFilters, Topics } from '../../contract/topics.js'
import { Link } from '../broker/link.js'
import type { BrokerSettings, Message } from '../broker/mqtt.js'
import { Failure, printable } from '../failure.js'
import type { Query } from '../fetch/list.js'
import { patiently } from '../fetch/patience.js'
import { type Answer, Requester, type Verb } from '../fetch/requester.js'
import { fetchSegment } from '../fetch/transfer.js'
import { EventLedger } from '../listen/event-ledger.js'
import { type Incoming, readIncoming } from '../listen/incoming.js'
import type { AuditLog } from './audit.js'
import { covered } from './box/coverage.js'
import { Minutes } from './box/minutes.js'
import { Roster } from './box/roster.js'
import { segmentsOfFrames } from './box/segments.js'
import { Tails } from './box/tail.js'
import type {
  Activity,
  Audit,
  CameraView,
  EventQuery,
  FrameResult,
  LiveMessage,
  Page,
  Results,
  Seg,
  SegmentQuery,
  SegmentView,
  StoredEvent,
  Tag,
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

interface Listener {
  readonly pictures: ReadonlySet<string>
  hear(message: LiveMessage): void
}

/** Longer than a box takes to make one. */
const ASK_AGAIN_MS = 3000
/** Parts of a day that a box is asked about; it answers 50 questions a second, and others ask too. */
const MOST_PARTS = 96
/** What was recorded of a time that is over stays. */
const KEPT_PARTS = 5000

export class BoxSource implements ViewSource {
  private readonly roster = new Roster()
  private readonly tails = new Tails()
  private readonly minutes = new Minutes()
  private readonly ledger = new EventLedger()
  private readonly latest = new Map<string, FrameResult>()
  private readonly listeners = new Set<Listener>()
  private readonly requesters = new Map<string, Requester>()
  private readonly asked = new Map<string, number>()
  private readonly firsts = new Map<string, number>()
  private trouble: string | undefined
  private invalid = 0
  private readonly link: Link
  private readonly mine: Requester

  constructor(private readonly options: BoxOptions) {
    const { base, device, broker } = options
    const all = new Topics(base, device)
    this.mine = this.requesterOf(all)
    const filters = [
      ...[all.state(), all.info(), all.camState('+'), all.camNow('+')],
      ...resultFilters(base, device, ['cls', 'seg', 'evt', 'bits']),
      ...this.mine.filters,
    ]
    this.link = new Link(broker, filters, {
      message: (message) => this.receive(message),
      notice: (text) => {
        this.say(/again$/.test(text) ? undefined : `${text}: what is shown is from before`)
        options.notice(text)
      },
      ended: (failure) => {
        this.say(failure.message)
        for (const requester of [this.mine, ...this.requesters.values()]) requester.abandon(failure)
        options.notice(failure.message)
      },
    })
  }

  get place(): string {
    return `the broker ${new URL(this.options.broker.url).host}`
  }

  /** @throws {Failure} broker */
  start = (): Promise<void> => this.link.start()
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
    const listener = { pictures, hear }
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
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

  async events({ dev, limit, cursor, ...query }: EventQuery): Promise<Page<StoredEvent>> {
    const answer = await this.ask(this.needed(dev), 'events', { ...query, limit: Math.min(limit, 500), cursor })
    return { items: answer.items, ...(answer.cursor === undefined ? {} : { cursor: answer.cursor }) }
  }

  async activity(dev: string, cam: string, fromMs: number, toMs: number, buckets: number): Promise<Activity> {
    const width = (toMs - fromMs) / buckets
    const parts = Math.min(buckets, MOST_PARTS)
    const asked = await covered((from, to) => this.first(dev, cam, from, to), fromMs, toMs, parts)
    const recorded: number[] = []
    const motion: (number | null)[] = []
    for (let i = 0; i < buckets; i++) {
      const from = fromMs + i * width
      recorded.push(asked[Math.floor((i * parts) / buckets)])
      motion.push(this.minutes.motion(`${dev}/${cam}`, from, from + width) ?? null)
    }
    return { recorded, motion }
  }

  async segments({ dev, cam, from, to, limit }: SegmentQuery): Promise<readonly SegmentView[]> {
    const { items } = await this.ask(dev, 'list', { cam, from, to, limit: 500 })
    return segmentsOfFrames(items).slice(0, limit)
  }

  async segment(dev: string, ref: string): Promise<Uint8Array> {
    return fetchSegment(this.requester(dev), ref)
  }

  /** A box of an earlier version does not know the question: it has no masks but those that come live. */
  async results(dev: string, cam: string, boot: string, fromSeq: number, toSeq: number): Promise<Results> {
    const items: FrameResult[] = []
    for (let from: number | undefined = fromSeq; from !== undefined && from <= toSeq; ) {
      const answer: Answer<'results'> = await this.ask(dev, 'results', { cam, boot, from, to: toSeq })
      for (const { seq, cls, seg } of answer.items) {
        const said = cls ?? seg
        if (said) items.push({ dev, cam, boot, seq, ...foundIn(said.ts, said.motion, cls?.cls, seg?.seg) })
      }
      from = answer.next !== undefined && answer.next > from ? answer.next : undefined
    }
    return { items }
  }

  audit = (line: Audit): void => this.options.audit.write(line)

  private needed(dev: string | undefined): string {
    if (dev !== undefined) return dev
    const boxes = [...new Set(this.roster.list().map((camera) => camera.dev))]
    if (boxes.length === 1) return boxes[0]
    throw new Failure(
      'usage',
      boxes.length === 0 ? 'no box has been heard of yet' : 'several boxes: say which, with dev',
    )
  }

  /** Time of the first frame; what is over does not change, but for what is evicted. */
  private async first(dev: string, cam: string, fromMs: number, toMs: number): Promise<number | undefined> {
    const key = `${dev}/${cam}/${fromMs}`
    const known = this.firsts.get(key)
    if (known !== undefined) return known
    const query: Query = { cam, from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() }
    const { items } = await this.ask(dev, 'list', { ...query, limit: 1 })
    const ms = items.length > 0 ? isoMs(items[0].ts) : undefined
    if (ms !== undefined) this.firsts.set(key, ms)
    if (this.firsts.size > KEPT_PARTS) this.firsts.delete(this.firsts.keys().next().value!)
    return ms
  }

  private async ask<V extends Verb>(dev: string, verb: V, body: object): Promise<Answer<V>> {
    let answer: Answer<V> | undefined
    const whole = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
    await patiently(verb, () =>
      this.requester(dev).ask(verb, whole, (one) => {
        answer = one
        return true
      }),
    )
    return answer!
  }

  private requester(dev: string): Requester {
    const box = this.roster.list().find((camera) => camera.dev === dev)
    if (!box) throw new Failure('answer', `no box ${dev}, ${this.place}, nothing was heard of it`)
    if (box.box === 'offline' || box.box === 'stopped')
      throw new Failure(
        'answer',
        `box ${dev} is away (${box.box}), ${this.place}, its archive can be asked when it is back`,
      )
    let requester = this.requesters.get(dev)
    if (!requester) {
      requester = this.requesterOf(new Topics(this.options.base, dev))
      this.requesters.set(dev, requester)
    }
    return requester
  }

  /** All of them are answered on one name of ours, which is subscribed to for every box at once. */
  private requesterOf(topics: Topics): Requester {
    const wire = { publish: (...args: Parameters<Link['publish']>) => this.link.publish(...args) }
    return new Requester(topics, wire, this.options.timeoutMs, this.mine?.name)
  }

  private receive(message: Message): void {
    const [dev, branch, cam, leaf] = message.topic.slice(`${this.options.base}/v1/`.length).split('/')
    try {
      if (branch === 'res') this.requesters.get(dev)?.receive(message)
      else if (branch === 'state' || branch === 'info') this.tellCameras(this.boxSays(dev, branch, message.payload))
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
      this.tellCameras(this.roster.event(incoming.event))
      this.tell({ kind: 'event', event: incoming.event })
      return
    }
    // History is in the archive, where it is asked for.
    if (incoming.hist) return
    if (incoming.kind === 'bits') {
      if (!this.tails.add(camera, incoming.bytes)) {
        if (this.isWatched(camera)) this.keyframe(dev, cam)
        return
      }
      this.tell({ kind: 'bits', dev, cam, records: incoming.bytes })
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
    this.tell({ kind: 'result', result })
  }

  private isWatched = (camera: string): boolean => [...this.listeners].some(({ pictures }) => pictures.has(camera))

  private say(text: string | undefined): void {
    this.trouble = text
    this.tell({ kind: 'notice', text })
  }

  private tellCameras(cameras: readonly CameraView[]): void {
    for (const camera of cameras) this.tell({ kind: 'camera', camera })
  }

  private tell(message: LiveMessage): void {
    for (const { pictures, hear } of this.listeners)
      if (message.kind !== 'bits' || pictures.has(`${message.dev}/${message.cam}`)) hear(message)
  }
}

const foundIn = (ts: string, motion: number | undefined, tags: readonly Tag[] | undefined, seg: Seg | undefined) => ({
  ts,
  ...(motion === undefined ? {} : { motion }),
  ...(tags ? { tags } : {}),
  ...(seg ? { seg } : {}),
})

const jsonOf = (payload: Uint8Array): unknown => JSON.parse(Buffer.from(payload).toString('utf8'))

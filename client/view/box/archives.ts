/** The archives of a broker's boxes, asked over MQTT. */
import { isoMs } from '../../../contract/time.js'
import type { Message } from '../../broker/mqtt.js'
import { Failure } from '../../failure.js'
import { Boxes } from '../../fetch/boxes.js'
import { answerTo } from '../../fetch/patience.js'
import type { Answer, Requester, Verb, Wire } from '../../fetch/requester.js'
import { fetchSegment } from '../../fetch/transfer.js'
import type { EventQuery, FrameResult, Page, SegmentQuery, SegmentView, StoredEvent } from '../source.js'
import { covered } from './coverage.js'
import { foundIn } from './found.js'
import type { Roster } from './roster.js'
import { segmentsOfFrames } from './segments.js'

export interface ArchivesOptions {
  readonly base: string
  /** '+': every box of the broker */
  readonly device: string
  readonly timeoutMs: number
  /** Of the broker, for people. */
  readonly place: string
  readonly wire: Wire
  readonly roster: Roster
}

/** Parts of a day that a box is asked about; it answers 50 questions a second, and others ask too. */
const MOST_PARTS = 96
/** What was recorded of a time that is over stays. */
const KEPT_PARTS = 5000

export class Archives {
  private readonly firsts = new Map<string, number>()
  private readonly boxes: Boxes

  constructor(private readonly options: ArchivesOptions) {
    const { base, wire, timeoutMs, device } = options
    this.boxes = new Boxes(base, wire, timeoutMs, device)
  }

  /** What answers come on. */
  get filters(): string[] {
    return this.boxes.filters
  }

  /** @returns whether it was an answer */
  receive = (message: Message): boolean => this.boxes.receive(message)

  abandon = (failure: Failure): void => this.boxes.abandon(failure)

  async events({ dev, limit, cursor, ...query }: EventQuery): Promise<Page<StoredEvent>> {
    const answer = await this.ask(this.needed(dev), 'events', { ...query, limit: Math.min(limit, 500), cursor })
    return { items: answer.items, ...(answer.cursor === undefined ? {} : { cursor: answer.cursor }) }
  }

  /** 1 for each of the equal parts that has a frame. */
  async recorded(dev: string, cam: string, fromMs: number, toMs: number, buckets: number): Promise<number[]> {
    const parts = Math.min(buckets, MOST_PARTS)
    const asked = await covered((from, to) => this.first(dev, cam, from, to), fromMs, toMs, parts)
    return Array.from({ length: buckets }, (_, i) => asked[Math.floor((i * parts) / buckets)])
  }

  async segments({ dev, cam, from, to, limit }: SegmentQuery): Promise<readonly SegmentView[]> {
    const { items } = await this.ask(dev, 'list', { cam, from, to, limit: 500 })
    return segmentsOfFrames(items).slice(0, limit)
  }

  async segment(dev: string, ref: string): Promise<Uint8Array> {
    return fetchSegment(this.requester(dev), ref)
  }

  async results(dev: string, cam: string, boot: string, fromSeq: number, toSeq: number): Promise<FrameResult[]> {
    const items: FrameResult[] = []
    for (let from: number | undefined = fromSeq; from !== undefined && from <= toSeq; ) {
      const answer: Answer<'results'> = await this.ask(dev, 'results', { cam, boot, from, to: toSeq })
      for (const { seq, cls, seg } of answer.items) {
        const said = cls ?? seg
        if (said) items.push({ dev, cam, boot, seq, ...foundIn(said.ts, said.motion, cls?.cls, seg?.seg) })
      }
      from = answer.next !== undefined && answer.next > from ? answer.next : undefined
    }
    return items
  }

  private needed(dev: string | undefined): string {
    if (dev !== undefined) return dev
    const boxes = this.options.roster.boxNames()
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
    const times = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() }
    const { items } = await this.ask(dev, 'list', { cam, ...times, limit: 1 })
    const ms = items.length > 0 ? isoMs(items[0].ts) : undefined
    if (ms !== undefined) this.firsts.set(key, ms)
    if (this.firsts.size > KEPT_PARTS) this.firsts.delete(this.firsts.keys().next().value!)
    return ms
  }

  private ask<V extends Verb>(dev: string, verb: V, body: object): Promise<Answer<V>> {
    const whole = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
    return answerTo(this.requester(dev), verb, whole)
  }

  private requester(dev: string): Requester {
    const { place, roster } = this.options
    const box = roster.list().find((camera) => camera.dev === dev)
    if (!box) throw new Failure('answer', `no box ${dev}, ${place}, nothing was heard of it`)
    if (box.box === 'offline' || box.box === 'stopped')
      throw new Failure('answer', `box ${dev} is away (${box.box}), ${place}, its archive can be asked when it is back`)
    return this.boxes.of(dev)
  }
}

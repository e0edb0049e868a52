/**
 * What is missing is asked of the box that took it: results with `results`, bitstreams with `get`. What the box has no more is noted
 * as gone, with why, and is missing no longer; so is what it has not published, as left out.
 */
import { recordsOf } from '../bitstreams/records.js'
import { Failure } from '../failure.js'
import { answerTo, codeOf } from '../fetch/patience.js'
import type { Answer, Requester } from '../fetch/requester.js'
import { fetchSegment } from '../fetch/transfer.js'
import type { Incoming } from '../listen/incoming.js'
import { countOf, meet, type Span } from '../listen/sequence.js'
import type { Coverage, Store, Stream, Tally } from '../store/store.js'
import type { Figures } from './figures.js'

export interface FillerPatience {
  /** A gap is asked about when it has been there for so long: history after an outage fills most by itself. */
  readonly gapMs: number
  /** A box that has not answered is asked again after so long, and a gap that an answer has not closed. */
  readonly againMs: number
  /** Frames that one box is asked for in one turn: its line may be a narrow one. */
  readonly mostFrames: number
  /** Whether bitstreams are wanted. */
  readonly bits: boolean
}

/** Boxes that are asked at once: one that does not answer takes half a minute to say so. */
const AT_ONCE = 8
/** Then it may have been upgraded. */
const PLAIN_MS = 3_600_000
/** Frames that a box reads for one answer, of those that it has left out. */
const PAGE = 200
/** A long gap of a run that leaves frames out is followed backwards, from each frame that went out to the one before it, so many times. */
const STEPS = 20

type Kind = Coverage['kind']
type ResultKind = Exclude<Kind, 'bits'>
type Results = Answer<'results'>

interface Gap {
  readonly name: string
  readonly stream: Stream
  readonly kinds: Kind[]
  /** Absent: what came last of a run that is over. */
  readonly span?: Span
  /** Behind what is there of them. */
  readonly from?: number
}

interface Turn {
  /** Frames that may still be asked for. */
  left: number
  readonly signal?: AbortSignal | undefined
}

const lengthOf = ({ span }: Gap): number => (span ? countOf([span]) : Number.MAX_SAFE_INTEGER)

/** Of one span: it need not be fetched again for the next page. */
interface Fetched {
  last?: Span | undefined
}

export class Filler {
  private readonly since = new Map<string, number>()
  /** Gaps that were asked about, and when they may be again. */
  private readonly asked = new Map<string, number>()
  private readonly notBefore = new Map<string, number>()
  private readonly unheard = new Set<string>()
  /** Boxes of an earlier version, until when they are taken for that: what they publish and what they leave out they tell alike. */
  private readonly plain = new Map<string, number>()

  constructor(
    private readonly store: Pick<Store, 'commit' | 'gone' | 'leftOut' | 'closeRun'>,
    private readonly requesterOf: (dev: string) => Requester,
    private readonly figures: Figures,
    private readonly patience: FillerPatience,
    /** Two boxes have this name: what the one says of the other's runs is worth nothing. */
    private readonly doubtful: (dev: string) => boolean = () => false,
  ) {}

  /** @param online devices that can be asked */
  async run(coverage: readonly Coverage[], online: ReadonlySet<string>, nowMs: number, signal?: AbortSignal) {
    const boxes = [...this.due(coverage, online, nowMs)]
    const work = async () => {
      for (let one = boxes.shift(); one && !signal?.aborted; one = boxes.shift())
        await this.askBox(one[0], one[1], nowMs, signal)
    }
    // All end before the next round begins, also when one has met a store that is away.
    const ended = await Promise.allSettled(Array.from({ length: AT_ONCE }, work))
    for (const one of ended) if (one.status === 'rejected') throw one.reason
  }

  /** What a box does not answer is asked again later; what else goes wrong is for the caller. */
  private async askBox(dev: string, gaps: readonly Gap[], nowMs: number, signal?: AbortSignal): Promise<void> {
    if ((this.notBefore.get(dev) ?? 0) > nowMs) return
    const turn: Turn = { left: this.patience.mostFrames, signal }
    // A long one must not keep the others, for hours: what they ask for is evicted meanwhile.
    const shortest = (a: Gap, b: Gap) => lengthOf(a) - lengthOf(b)
    for (const gap of [...gaps].sort(shortest)) {
      if (signal?.aborted || turn.left <= 0) return
      try {
        await this.fill(gap, turn)
        this.figures.ask('answered')
        // One that was closed in part has another name from now on.
        this.asked.set(gap.name, nowMs + this.patience.againMs)
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        this.notBefore.set(dev, nowMs + this.patience.againMs)
        this.figures.ask(codeOf(error) ? 'refused' : 'silent')
        this.figures.failed(`asking ${dev} for what is missing`, error.message)
        return
      }
    }
  }

  /** By device, the gaps that have been there for long enough; those of both kinds of results are one question. */
  private due(coverage: readonly Coverage[], online: ReadonlySet<string>, nowMs: number): Map<string, Gap[]> {
    const known = new Set<string>()
    const found = new Map<string, Gap>()
    const mayAsk = (dev: string) => online.has(dev) && !this.doubtful(dev)
    const ripe = (name: string) => {
      known.add(name)
      if (!this.since.has(name)) this.since.set(name, nowMs)
      return nowMs - this.since.get(name)! >= this.patience.gapMs
    }
    const add = (gap: Gap) => {
      known.add(gap.name)
      if ((this.asked.get(gap.name) ?? nowMs) > nowMs) return
      const other = found.get(gap.name)
      if (other) other.kinds.push(...gap.kinds)
      else found.set(gap.name, gap)
    }
    const runs = new Map<number, Coverage[]>()
    for (const one of coverage) {
      const { stream, kind, seen } = one
      if (kind === 'bits' && !this.patience.bits) continue
      const asking = mayAsk(stream.dev)
      runs.set(stream.id, [...(runs.get(stream.id) ?? []), one])
      for (const span of one.missing) {
        // At the end, where more comes all the time, a gap is one when nothing has come for so long.
        const end = span.from > seen
        const name = `${stream.id}/${kind}/${end ? `after ${seen}` : span.to}`
        if (!ripe(name) || !asking) continue
        if (end) this.noteUnheard(name, stream.dev)
        const sort = kind === 'bits' ? kind : 'results'
        add({ name: `${stream.id}/${sort}/${span.from}-${span.to}`, stream, kinds: [kind], span })
      }
    }
    for (const [id, kinds] of runs) {
      const [{ stream }] = kinds
      if (!stream.over || stream.closed || kinds.some(({ missing }) => missing.length > 0)) continue
      if (!ripe(`${id}/over`) || !mayAsk(stream.dev)) continue
      const ends = kinds.map(({ last, gone }) => Math.max(last, ...gone.map(({ to }) => to)))
      const from = Math.min(...ends) + 1
      add({ name: `${id}/over/${from}`, stream, kinds: kinds.map(({ kind }) => kind), from })
    }
    for (const names of [this.since, this.asked])
      for (const name of names.keys()) if (!known.has(name)) names.delete(name)
    for (const name of this.unheard) if (!known.has(name)) this.unheard.delete(name)
    const boxes = new Map<string, Gap[]>()
    for (const gap of found.values()) boxes.set(gap.stream.dev, [...(boxes.get(gap.stream.dev) ?? []), gap])
    return boxes
  }

  private noteUnheard(name: string, dev: string): void {
    if (this.unheard.has(name)) return
    this.unheard.add(name)
    this.figures.unheard(dev)
  }

  private async fill({ name, stream, kinds, span, from = 0 }: Gap, turn: Turn): Promise<void> {
    if (!span) {
      // What has brought nothing that is kept will bring nothing.
      const had = !this.asked.has(name) && (await this.tail(stream, kinds, from, turn))
      if (!had && !turn.signal?.aborted) await this.store.closeRun(stream.id)
      return
    }
    let { to } = span
    if (stream.thinned && !this.isPlain(stream.dev))
      for (let step = 0; step < STEPS && to - span.from >= PAGE && turn.left > 0; step++) {
        const before =
          kinds[0] === 'bits' ? await this.bitsBefore(stream, to) : await this.resultBefore(stream, kinds, to)
        turn.left--
        if (before === undefined) break
        to = before
        if (to < span.from) return
      }
    await this.range(stream, kinds, { from: span.from, to }, turn)
  }

  /** What came last of a run shows only when its box is asked, when the next run has begun: no later number tells of it. Until it has no more. */
  private tail(stream: Stream, kinds: readonly Kind[], from: number, turn: Turn): Promise<boolean> {
    return this.range(stream, kinds, { from, to: Number.MAX_SAFE_INTEGER }, turn, true)
  }

  /** @returns seq of what went out before it, -1: nothing; undefined: the box cannot say */
  private async resultBefore(stream: Stream, kinds: readonly Kind[], seq: number): Promise<number | undefined> {
    const answer = await this.ask(stream, { from: seq, to: seq })
    if (!answer?.left) return undefined
    await this.take(stream, kinds, answer)
    const [item] = answer.items
    const prev = (item?.cls ?? item?.seg)?.prev
    return prev === null ? -1 : prev
  }

  /** With all since its keyframe, which went out too. @returns as above */
  private async bitsBefore(stream: Stream, seq: number): Promise<number | undefined> {
    const answer = await this.ask(stream, { from: seq, to: seq })
    if (!answer?.left) return undefined
    const first = await this.take(stream, ['bits'], answer)
    if (first === undefined) return undefined
    const key = first === seq ? answer : await this.ask(stream, { from: first, to: first })
    const prev = key?.items[0]?.bits?.prev
    if (prev === undefined) return undefined
    const before = prev ?? -1
    if (first > before + 1) await this.store.leftOut(stream.id, ['bits'], [{ from: before + 1, to: first - 1 }])
    return before
  }

  /** Page by page what the box has of a span; what it has no more, or has left out, is told for whole ranges. @returns whether it had anything to say of it */
  private async range(
    stream: Stream,
    kinds: readonly Kind[],
    { from, to }: Span,
    turn: Turn,
    tail = false,
  ): Promise<boolean> {
    let had = false
    const fetched: Fetched = {}
    for (let at = from; at <= to && turn.left > 0 && !turn.signal?.aborted; ) {
      const answer = await this.ask(stream, { from: at, to })
      if (!answer) {
        // Of the run that goes on it is another box that says so.
        if (!tail && stream.over)
          await this.gone(stream.id, kinds, [{ from: at, to }], 'the box knows nothing of this run')
        return had
      }
      await this.take(stream, kinds, answer, fetched)
      const { items, gone, left = [], next = to + 1 } = answer
      // Of a span it is known that there was something, up to its end: a box that has been in it no further has lost that.
      const said = items.length + gone.length + left.length > 0 || answer.next !== undefined
      // A box of an earlier version says nothing then.
      const last = answer.last ?? (answer.left || said || !stream.over ? to : at - 1)
      if (!tail && last < to)
        await this.gone(stream.id, kinds, [{ from: Math.max(at, last + 1), to }], 'the box has lost it')
      had ||= said
      if (next <= at) throw new Failure('answer', `${stream.dev} says that there is more, and tells the same again`)
      // What a box has no more costs it nothing to say.
      turn.left -= items.length + countOf(left)
      at = next
    }
    return had
  }

  /** @returns undefined: the box knows nothing of this run */
  private async ask({ dev, cam, boot }: Stream, { from, to }: Span): Promise<Results | undefined> {
    const question = { cam, boot, from, to }
    const published = !this.isPlain(dev)
    try {
      return await answerTo(this.requesterOf(dev), 'results', published ? { ...question, published } : question)
    } catch (error) {
      if (codeOf(error) === 'not_found') return undefined
      if (codeOf(error) !== 'bad_request' || !published) throw error
      this.plain.set(dev, performance.now() + PLAIN_MS)
      return answerTo(this.requesterOf(dev), 'results', question)
    }
  }

  private isPlain(dev: string): boolean {
    return (this.plain.get(dev) ?? 0) > performance.now()
  }

  /** @returns of bitstreams, the first seq of the segment that was fetched last */
  private async take(
    stream: Stream,
    kinds: readonly Kind[],
    answer: Results,
    fetched: Fetched = {},
  ): Promise<number | undefined> {
    const { items, gone, left } = answer
    const { id, dev, cam, boot } = stream
    await this.gone(id, kinds, gone, 'not in the archive of the box')
    if (left && left.length > 0) await this.store.leftOut(id, kinds, left)
    const results = kinds.filter((kind): kind is ResultKind => kind !== 'bits')
    if (results.length > 0) {
      this.figures.filled(
        await this.commit(items.flatMap((item) => incomingOf(dev, cam, boot, item, left !== undefined))),
      )
      // A frame that is there and has no such result never had one: the camera's heads say nothing of that kind.
      for (const kind of results) {
        const silent = items.map(({ seq, [kind]: said }) => ({ from: seq, to: seq, said }))
        const never = silent.filter((one) => one.said === undefined && !meet(left ?? [], one))
        await this.gone(id, [kind], never, 'the frame has none')
      }
    }
    return kinds.includes('bits') ? this.bits(stream, items, left, fetched) : undefined
  }

  /** Segment by segment: a frame alone is of no use. */
  private async bits(
    stream: Stream,
    items: Results['items'],
    left: readonly Span[] | undefined,
    fetched: Fetched,
  ): Promise<number | undefined> {
    const out = left ? items.filter(({ bits }) => bits) : items
    const stayed = left ? items.filter(({ bits }) => !bits).map(({ seq }) => ({ from: seq, to: seq })) : []
    if (stayed.length > 0) await this.store.leftOut(stream.id, ['bits'], stayed)
    // Behind the last one that went out nothing of its segment did; where there is no chain all did.
    const chained = out.some(({ bits }) => bits?.prev !== undefined)
    const most = left && chained ? (out.at(-1)?.seq ?? -1) : Number.POSITIVE_INFINITY
    let had = fetched.last
    for (const { seq } of out) {
      if (had && meet([had], { from: seq, to: seq })) continue
      const got = await this.segment(stream, seq, most)
      if (got === 'gone')
        await this.gone(stream.id, ['bits'], [{ from: seq, to: seq }], 'its keyframe is evicted or damaged')
      else if (meet([got], { from: seq, to: seq })) had = got
      // What is sound of its segment ends before it.
      else
        await this.gone(stream.id, ['bits'], [{ from: seq, to: seq }], 'a frame that it was predicted from is damaged')
      fetched.last = had
    }
    return had?.from
  }

  /** @param most no record behind it is kept */
  private async segment({ dev, cam, boot }: Stream, seq: number, most: number): Promise<Span | 'gone'> {
    let file: Uint8Array
    try {
      file = await fetchSegment(this.requesterOf(dev), `${cam}/${boot}/${seq}`)
    } catch (error) {
      if (['not_found', 'evicted', 'damaged'].includes(codeOf(error) ?? '')) return 'gone'
      throw error
    }
    const records = recordsOf(file, (error) => {
      throw new Failure('answer', `the box sent a damaged segment: ${error.message}`)
    }).filter((record) => record.seq <= most)
    this.figures.filled(
      await this.commit(
        records.map(({ seq: of, bytes }) => ({
          kind: 'bits',
          key: { dev, cam, boot, kind: 'bits', seq: of },
          hist: true,
          asked: true,
          bytes,
        })),
      ),
    )
    return records.length === 0 ? 'gone' : { from: records[0].seq, to: records.at(-1)!.seq }
  }

  private commit(messages: readonly Incoming[]): Promise<Tally> {
    return this.store.commit(messages, new Date().toISOString())
  }

  private async gone(stream: number, kinds: readonly Kind[], spans: readonly Span[], reason: string) {
    if (spans.length > 0) await this.store.gone(stream, kinds, spans, reason, new Date().toISOString())
  }
}

/** @param published the box has told only what went out: then `prev` is of that, too */
function incomingOf(
  dev: string,
  cam: string,
  boot: string,
  { seq, cls, seg, evt = [] }: Results['items'][number],
  published: boolean,
): Incoming[] {
  const key = { dev, cam, boot, seq }
  const of = (prev: number | null | undefined) => ({ hist: true, ...(published && prev !== undefined && { prev }) })
  return [
    ...(cls ? [{ kind: 'cls', key: { ...key, kind: 'cls' }, ...of(cls.prev), result: cls, json: cls } as const] : []),
    ...(seg ? [{ kind: 'seg', key: { ...key, kind: 'seg' }, ...of(seg.prev), result: seg, json: seg } as const] : []),
    ...evt.map((event) => ({ kind: 'evt', key: { ...key, kind: 'evt' }, hist: true, event, json: event }) as const),
  ]
}

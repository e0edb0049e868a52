/**
 * What is missing is asked of the box that took it: results with `results`, bitstreams with `get`. What the box has no more is noted
 * as gone, with why, and is missing no longer.
 */
import { recordsOf } from '../bitstreams/records.js'
import { Failure } from '../failure.js'
import { answerTo, codeOf } from '../fetch/patience.js'
import type { Answer, Requester } from '../fetch/requester.js'
import { fetchSegment } from '../fetch/transfer.js'
import type { Incoming } from '../listen/incoming.js'
import { meet, type Span } from '../listen/sequence.js'
import type { Coverage, Store, Tally } from '../store/store.js'
import type { Figures } from './figures.js'

export interface FillerPatience {
  /** A gap is asked about when it has been there for so long: history after an outage fills most by itself. */
  readonly gapMs: number
  /** A box that has not answered is asked again after so long. */
  readonly againMs: number
}

/** Frames of one gap that are asked for in one turn: other gaps have their turn too. */
const MOST = 2000
/** Runs that are asked in one turn what came last. */
const MOST_RUNS = 20

export class Filler {
  private readonly since = new Map<string, number>()
  private readonly notBefore = new Map<string, number>()
  /** By run and kind, from where on it was asked last what came behind. */
  private readonly behindAsked = new Map<string, number>()

  constructor(
    private readonly store: Pick<Store, 'commit' | 'gone' | 'leftOut' | 'closeRun'>,
    private readonly requesterOf: (dev: string) => Requester,
    private readonly figures: Figures,
    private readonly patience: FillerPatience,
  ) {}

  /** @param online devices that can be asked */
  async run(coverage: readonly Coverage[], online: ReadonlySet<string>, nowMs: number, signal?: AbortSignal) {
    for (const gap of this.due(coverage, online, nowMs)) {
      if (signal?.aborted) return
      await this.asking(gap.stream.dev, nowMs, () =>
        'bits' in gap ? this.bits(gap.bits, gap.span) : this.results(gap),
      )
    }
    if (!signal?.aborted) await this.tail(coverage, online, nowMs)
  }

  /** What came last of a run shows only when its box is asked, when the next run has begun: no later number tells of it. Until it has no more. */
  private async tail(coverage: readonly Coverage[], online: ReadonlySet<string>, nowMs: number): Promise<void> {
    const runs = new Map<number, Coverage[]>()
    for (const one of coverage)
      if (one.stream.over && !one.stream.closed && online.has(one.stream.dev))
        runs.set(one.stream.id, [...(runs.get(one.stream.id) ?? []), one])
    const whole = [...runs].filter(([, kinds]) => kinds.every(({ missing }) => missing.length === 0))
    for (const [id, kinds] of whole.slice(0, MOST_RUNS)) {
      await this.asking(kinds[0].stream.dev, nowMs, async () => {
        let more = false
        for (const one of kinds) if (await this.behind(one)) more = true
        if (more) return
        await this.store.closeRun(id)
        for (const { kind } of kinds) this.behindAsked.delete(`${id}/${kind}`)
      })
    }
  }

  /** @returns whether the box had any there: then there may be more behind it, for the next turn */
  private async behind(one: Coverage): Promise<boolean> {
    const { stream, kind } = one
    const from = Math.max(one.last, ...one.gone.map(({ to }) => to)) + 1
    const name = `${stream.id}/${kind}`
    // What has brought nothing will bring nothing.
    if (this.behindAsked.get(name) === from) return false
    const span = { from, to: from + MOST - 1 }
    const answer = await this.ask(stream, span)
    if (!answer || (answer.items.length + answer.gone.length === 0 && answer.next === undefined)) return false
    if (kind === 'bits') await this.bits({ ...one, missing: [span] }, span, answer)
    else await this.results({ stream, kinds: [kind], span }, answer)
    this.behindAsked.set(name, from)
    return true
  }

  /** What a box does not answer is asked again later; what else goes wrong is for the caller. */
  private async asking(dev: string, nowMs: number, work: () => Promise<void>): Promise<void> {
    if ((this.notBefore.get(dev) ?? 0) > nowMs) return
    try {
      await work()
      this.figures.ask('answered')
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      this.notBefore.set(dev, nowMs + this.patience.againMs)
      this.figures.ask(codeOf(error) ? 'refused' : 'silent')
      this.figures.failed(`asking ${dev} for what is missing`, error.message)
    }
  }

  /** The gaps that have been there for long enough. */
  private due(coverage: readonly Coverage[], online: ReadonlySet<string>, nowMs: number) {
    const now = new Set<string>()
    const due = new Map<string, Gap>()
    for (const one of coverage) {
      for (const span of one.missing) {
        // At the end, where more comes all the time, a gap is one when nothing has come for so long.
        const end = span.from > one.seen
        const name = `${one.stream.id}/${one.kind}/${end ? `after ${one.seen}` : span.to}`
        now.add(name)
        if (!this.since.has(name)) this.since.set(name, nowMs)
        const old = nowMs - this.since.get(name)! >= this.patience.gapMs
        if (!old || !online.has(one.stream.dev)) continue
        if (end) this.figures.unheard(one.stream.dev)
        addTo(due, one, span)
      }
    }
    for (const name of this.since.keys()) if (!now.has(name)) this.since.delete(name)
    return due.values()
  }

  /** Both kinds and the events of the same frames come together; what is here already is passed over by the store. */
  private async results({ stream, kinds, span }: ResultGap, asked?: Answer<'results'>): Promise<void> {
    const { dev, cam, boot } = stream
    for await (const items of this.told(stream, kinds, span, asked)) {
      this.figures.filled(await this.commit(items.flatMap((item) => incomingOf(dev, cam, boot, item))))
      await this.leftOut(stream.id, kinds, items)
      // A frame that is there and has no such result never had one: the camera's heads say nothing of that kind.
      for (const kind of kinds) {
        const silent = items.filter((item) => item[kind] === undefined && !item.left_out)
        await this.gone(
          stream.id,
          [kind],
          silent.map(({ seq }) => ({ from: seq, to: seq })),
          'the frame has none',
        )
      }
    }
  }

  /** Page by page the frames that the box has of a span; what it has no more is told for whole ranges, and noted. @param asked its first page, if it is here */
  private async *told(
    stream: Coverage['stream'],
    kinds: readonly Coverage['kind'][],
    { from, to }: Span,
    asked?: Answer<'results'>,
  ): AsyncGenerator<Items> {
    let answer = asked
    for (let next: number | undefined = from; next !== undefined && next <= to; answer = undefined) {
      answer ??= await this.ask(stream, { from: next, to })
      if (answer === undefined)
        return this.gone(stream.id, kinds, [{ from: next, to }], 'the box knows nothing of this run')
      await this.gone(stream.id, kinds, answer.gone, 'not in the archive of the box')
      yield answer.items
      next = answer.next
    }
  }

  /** @returns undefined: the box knows nothing of this run */
  private async ask(
    { dev, cam, boot }: Coverage['stream'],
    { from, to }: Span,
  ): Promise<Answer<'results'> | undefined> {
    try {
      return await answerTo(this.requesterOf(dev), 'results', { cam, boot, from, to })
    } catch (error) {
      if (codeOf(error) === 'not_found') return undefined
      throw error
    }
  }

  /** Segment by segment: a frame alone is of no use. */
  private async bits({ stream, missing }: Coverage, span: Span, asked?: Answer<'results'>): Promise<void> {
    let had: Span | undefined
    for await (const items of this.told(stream, ['bits'], span, asked)) {
      await this.leftOut(stream.id, ['bits'], items)
      for (const { seq, left_out } of items) {
        if (left_out) continue
        if (had && seq >= had.from && seq <= had.to) continue
        const got = await this.segment(stream, seq)
        if (got === 'gone')
          await this.gone(stream.id, ['bits'], [{ from: seq, to: seq }], 'its keyframe is evicted or damaged')
        else if (!meet(missing, got)) return
        else had = { from: Math.min(seq, got.from), to: Math.max(seq, got.to) }
      }
    }
  }

  private async segment({ dev, cam, boot }: Coverage['stream'], seq: number): Promise<Span | 'gone'> {
    let file: Uint8Array
    try {
      file = await fetchSegment(this.requesterOf(dev), `${cam}/${boot}/${seq}`)
    } catch (error) {
      if (['not_found', 'evicted', 'damaged'].includes(codeOf(error) ?? '')) return 'gone'
      throw error
    }
    const records = recordsOf(file, (error) => {
      throw new Failure('answer', `the box sent a damaged segment: ${error.message}`)
    })
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

  private async leftOut(stream: number, kinds: readonly Coverage['kind'][], items: Items): Promise<void> {
    const spans = items.flatMap(({ seq, left_out }) => (left_out ? [{ from: seq, to: seq }] : []))
    if (spans.length > 0) await this.store.leftOut(stream, kinds, spans)
  }

  private async gone(stream: number, kinds: readonly Coverage['kind'][], spans: readonly Span[], reason: string) {
    if (spans.length > 0) await this.store.gone(stream, kinds, spans, reason, new Date().toISOString())
  }
}

/** Results of both kinds that are missing of the same frames are one question. */
interface ResultGap {
  readonly stream: Coverage['stream']
  readonly kinds: ResultKind[]
  readonly span: Span
}
type Gap = ResultGap | { readonly stream: Coverage['stream']; readonly bits: Coverage; readonly span: Span }
type ResultKind = Exclude<Coverage['kind'], 'bits'>
type Items = Answer<'results'>['items']

function addTo(due: Map<string, Gap>, one: Coverage, { from, to }: Span): void {
  const { stream, kind } = one
  const span = { from, to: Math.min(to, from + MOST - 1) }
  const name = `${stream.id}/${kind === 'bits' ? kind : 'results'}/${span.from}/${span.to}`
  const known = due.get(name)
  if (kind === 'bits') due.set(name, { stream, bits: one, span })
  else if (known && 'kinds' in known) known.kinds.push(kind)
  else due.set(name, { stream, kinds: [kind], span })
}

function incomingOf(dev: string, cam: string, boot: string, item: Items[number]): Incoming[] {
  const key = { dev, cam, boot, seq: item.seq }
  const { evt = [] } = item
  const { cls, seg } = item.left_out ? {} : item
  // prev is of what was published, and this fills a gap in that: it says nothing of frames between.
  return [
    ...(cls ? [{ kind: 'cls', key: { ...key, kind: 'cls' }, hist: true, result: cls, json: cls } as const] : []),
    ...(seg ? [{ kind: 'seg', key: { ...key, kind: 'seg' }, hist: true, result: seg, json: seg } as const] : []),
    ...evt.map((event) => ({ kind: 'evt', key: { ...key, kind: 'evt' }, hist: true, event, json: event }) as const),
  ]
}

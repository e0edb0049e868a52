import t from 'tap'
import { Figures } from '../../../client/collect/figures.js'
import { Filler } from '../../../client/collect/filler.js'
import { BoxError, NoAnswer, type Requester } from '../../../client/fetch/requester.js'
import type { Incoming } from '../../../client/listen/incoming.js'
import type { Coverage, Tally } from '../../../client/store/store.js'
import { classifyResult } from '../box.js'
import { boot } from '../bundle.js'

const tally: Tally = { added: { cls: 0, seg: 0, bits: 0, evt: 0 }, duplicates: 0 }
const online = new Set(['gate-1', 'gate-2'])

const gap = (from: number, to: number, more: Partial<Coverage['stream']> = {}): Coverage => ({
  stream: {
    ...{ id: 7, dev: 'gate-1', cam: 'street', boot, start: 0, thinned: false, over: false, closed: false },
    ...{ first: '2026-05-01T08:00:00Z', last: '2026-05-01T08:00:00Z', ...more },
  },
  kind: 'cls',
  frames: 1,
  seen: to + 1,
  last: to + 1,
  missing: from > to ? [] : [{ from, to }],
  gone: [],
})

interface Spans {
  readonly from: number
  readonly to: number
}

interface BoxIn {
  /** Frames that have gone out, and, with `left`, frames that have not; the rest up to the last one it has no more. */
  readonly has: readonly number[]
  readonly left?: readonly number[]
  /** Of the first so many questions, or of all. */
  readonly fault?: Error
  readonly faults?: number
  /** It answers with this, whatever is asked. */
  readonly answer?: object
  readonly mostFrames?: number
  readonly doubtful?: boolean
}

/** A box that tells at most two frames in an answer. */
function setting({ has, left = [], fault, faults = Infinity, answer, mostFrames = 2000, doubtful = false }: BoxIn) {
  const asked: [number, number][] = []
  const kept: (readonly [number, number | null | undefined])[] = []
  const gone: [number, number, string][] = []
  const leftOut: [number, number][] = []
  const closed: number[] = []
  const flat = (spans: readonly Spans[]) => spans.map(({ from, to }): [number, number] => [from, to])
  const requester = {
    async ask(_: string, { from, to, published }: Spans & { published?: true }, accept: (answer: object) => boolean) {
      asked.push([from, to])
      if (fault && asked.length <= faults) throw fault
      if (answer) return accept(answer)
      const found = has.filter((seq) => seq >= from && seq <= to)
      const page = found.slice(0, 2)
      const next = found[2]
      const end = next ?? Math.min(to, Math.max(...has, ...left)) + 1
      const others = Array.from({ length: Math.max(0, end - from) }, (_, i) => from + i).filter(
        (seq) => !page.includes(seq),
      )
      const spans = (seqs: number[]) => seqs.map((seq) => ({ from: seq, to: seq }))
      const before = (seq: number) => has.findLast((one) => one < seq) ?? null
      accept({
        items: page.map((seq) => ({
          seq,
          cls: { ...classifyResult(seq, true), ...(left.length > 0 && { prev: before(seq) }) },
        })),
        gone: spans(others.filter((seq) => !left.includes(seq))),
        ...(published && { left: spans(others.filter((seq) => left.includes(seq))) }),
        next,
      })
    },
  } as unknown as Requester
  const store = {
    async commit(messages: readonly Incoming[]) {
      kept.push(...messages.map(({ key, prev }) => [key.seq, prev] as const))
      return tally
    },
    async gone(_: number, __: unknown, spans: readonly Spans[], reason: string) {
      gone.push(...flat(spans).map(([from, to]): [number, number, string] => [from, to, reason]))
    },
    async leftOut(_: number, __: unknown, spans: readonly Spans[]) {
      leftOut.push(...flat(spans))
    },
    async closeRun(id: number) {
      closed.push(id)
    },
  }
  const lines: string[] = []
  const figures = new Figures(
    (line) => lines.push(line),
    () => 0,
  )
  const patience = { gapMs: 1000, againMs: 5000, mostFrames, bits: true }
  const filler = new Filler(
    store,
    () => requester,
    figures,
    patience,
    () => doubtful,
  )
  const seqs = () => kept.map(([seq]) => seq)
  return { filler, asked, kept, seqs, gone, leftOut, closed, lines }
}

t.test('a gap is given time to close by itself, and is asked for page by page', async (t) => {
  const { filler, asked, seqs, gone } = setting({ has: [3, 4, 6, 9] })
  await filler.run([gap(3, 8)], online, 0)
  await filler.run([gap(3, 8)], new Set(), 2000)
  t.strictSame(asked, [], 'not yet, and not of a box that is away')
  await filler.run([gap(3, 8)], online, 2000)
  t.strictSame(asked, [
    [3, 8],
    [6, 8],
  ])
  t.strictSame(seqs(), [3, 4, 6])
  t.strictSame(
    gone.map(([from]) => from),
    [5, 7, 8],
  )
})

t.test('one that an answer has not closed is asked about again after a while', async (t) => {
  const { filler, asked } = setting({ has: [3] })
  for (const nowMs of [0, 2000, 4000, 6999]) await filler.run([gap(3, 8)], online, nowMs)
  t.equal(asked.length, 1)
  await filler.run([gap(3, 8)], online, 7000)
  t.equal(asked.length, 2)
  await filler.run([gap(4, 8)], online, 7001)
  t.equal(asked.length, 3, 'at once, where some of it has come')
})

t.test('at the end a gap is one when nothing has come for so long, however far the box is', async (t) => {
  const { filler, asked, seqs, lines } = setting({ has: [3, 4, 5, 6, 7, 8] })
  const end = (seen: number, to: number) => ({ ...gap(seen + 1, to), seen, last: to })
  await filler.run([end(2, 5)], online, 0)
  await filler.run([end(3, 6)], online, 900)
  await filler.run([end(4, 7)], online, 1800)
  t.strictSame(asked, [], 'more comes all the time')
  await filler.run([end(4, 8)], online, 2700)
  t.strictSame(asked, [])
  await filler.run([end(4, 8)], online, 2800)
  t.strictSame(seqs(), [5, 6, 7, 8])
  t.match(lines, [/has taken what gate-1 has published and not passed it on/])
})

t.test('what a box has left out is passed over, and not gone', async (t) => {
  const { filler, kept, gone, leftOut } = setting({ has: [2, 4], left: [3, 5] })
  await filler.run([gap(3, 5)], online, 0)
  await filler.run([gap(3, 5)], online, 2000)
  const each = [
    [3, 3],
    [5, 5],
  ]
  t.strictSame([kept, leftOut, gone], [[[4, 2]], each, []])
})

t.test('where most are left out, from each that went out to the one before it', async (t) => {
  const left = Array.from({ length: 10_000 }, (_, seq) => seq).filter((seq) => seq % 3000 !== 0)
  const { filler, asked, kept } = setting({ has: [0, 3000, 6000, 9000], left })
  const thinned = gap(1, 9000, { thinned: true })
  await filler.run([thinned], online, 0)
  await filler.run([thinned], online, 2000)
  t.strictSame(asked, [
    [9000, 9000],
    [6000, 6000],
    [3000, 3000],
  ])
  t.strictSame(kept, [
    [9000, 6000],
    [6000, 3000],
    [3000, 0],
  ])
})

t.test('a box of an earlier version is asked as it understands it', async (t) => {
  const fault = new BoxError('bad_request', 'unrecognized key: published')
  const { filler, asked, kept, leftOut } = setting({ has: [3, 4], left: [9], fault, faults: 1 })
  await filler.run([gap(3, 4)], online, 0)
  await filler.run([gap(3, 4)], online, 2000)
  t.equal(asked.length, 2)
  t.strictSame([kept, leftOut], [[3, 4].map((seq) => [seq, undefined]), []], 'its prev says nothing of frames between')
})

t.test('a run that the box does not know is gone, whole', async (t) => {
  const { filler, gone, closed } = setting({ has: [], fault: new BoxError('not_found', 'nothing of this run') })
  await filler.run([gap(3, 8)], online, 0)
  await filler.run([gap(3, 8)], online, 2000)
  t.strictSame(gone, [], 'of one that goes on it is another box that says so')
  await filler.run([gap(3, 8, { over: true })], online, 9000)
  t.strictSame(gone, [[3, 8, 'the box knows nothing of this run']])
  t.strictSame(closed, [])
})

t.test('two boxes with one name are not asked: each would answer for both', async (t) => {
  const { filler, asked } = setting({ has: [3], doubtful: true })
  await filler.run([gap(3, 8)], online, 0)
  await filler.run([gap(3, 8)], online, 2000)
  t.strictSame(asked, [])
})

t.test('a box that does not answer is left alone for a while, and the others have their turn', async (t) => {
  const { filler, asked, lines } = setting({ has: [3], fault: new NoAnswer('no answer within 10 s') })
  const both = [gap(3, 8), gap(3, 8, { id: 8, dev: 'gate-2' })]
  await filler.run(both, online, 0)
  await filler.run(both, online, 2000)
  const tries = asked.length
  t.ok(tries > 0)
  await filler.run(both, online, 4000)
  t.equal(asked.length, tries)
  t.match(lines, [/asking gate-\d for what is missing: no answer/, /asking gate-\d for what is missing: no answer/])
})

t.test('a box that says that there is more, and tells the same again, holds nobody up', async (t) => {
  const { filler, asked, lines } = setting({ has: [], answer: { items: [], gone: [], left: [], next: 3 } })
  await filler.run([gap(3, 8)], online, 0)
  await filler.run([gap(3, 8)], online, 2000)
  t.equal(asked.length, 1)
  t.match(lines, [/tells the same again/])
})

t.test('told to stop, it asks no more', async (t) => {
  const { filler, asked } = setting({ has: [3, 4, 5, 6, 7, 8] })
  await filler.run([gap(3, 8)], online, 0)
  await filler.run([gap(3, 8)], online, 2000, AbortSignal.abort())
  t.strictSame(asked, [])
})

t.test('of a run that is over, what came last is asked until there is no more', async (t) => {
  const { filler, asked, seqs, closed } = setting({ has: [5, 6, 7, 8] })
  const over = gap(1, 0, { over: true })
  await filler.run([{ ...over, last: 5 }], online, 0)
  t.strictSame(asked, [], 'history may still come')
  await filler.run([{ ...over, last: 5 }], online, 1000)
  t.strictSame([seqs(), closed], [[6, 7, 8], []])
  t.strictSame(
    asked,
    [
      [6, Number.MAX_SAFE_INTEGER],
      [8, Number.MAX_SAFE_INTEGER],
    ],
    'each page once',
  )
  await filler.run([{ ...over, last: 8 }], online, 1000)
  t.strictSame([seqs(), closed], [[6, 7, 8], [7]])
  const before = asked.length
  await filler.run([{ ...over, last: 8, stream: { ...over.stream, closed: true } }], online, 9000)
  t.equal(asked.length, before)
})

t.test('however much that is, with others in between; what is evicted of it is gone', async (t) => {
  const has = Array.from({ length: 5000 }, (_, i) => i + 1).filter((seq) => seq < 3000 || seq > 4500)
  const { filler, seqs, gone, closed } = setting({ has })
  const over = gap(1, 0, { over: true })
  await filler.run([{ ...over, last: 5 }], online, 0)
  let rounds = 0
  while (closed.length === 0 && ++rounds < 9) {
    const lost = gone.map(([from, to, reason]) => ({ from, to, reason }))
    await filler.run([{ ...over, last: seqs().at(-1) ?? 5, gone: lost }], online, 1000)
    t.ok(seqs().length <= rounds * 2000)
  }
  t.equal(rounds, 3)
  t.strictSame([seqs().length, gone.length], [has.length - 5, 1501])
})

t.test('what a box keeps promising and never sends is asked for once more, and no more', async (t) => {
  const { filler, closed } = setting({ has: [5, 6] })
  const over = { ...gap(1, 0, { over: true }), last: 5 }
  await filler.run([over], online, 0)
  await filler.run([over], online, 1000)
  t.strictSame(closed, [])
  await filler.run([over], online, 6000)
  t.strictSame(closed, [7])
})

t.test('a narrow line: of each box so many frames a turn', async (t) => {
  const { filler, seqs } = setting({ has: [3, 4, 5, 6, 7, 8], mostFrames: 3 })
  await filler.run([gap(3, 8)], online, 0)
  await filler.run([gap(3, 8)], online, 2000)
  t.strictSame(seqs(), [3, 4, 5, 6], 'to the end of an answer')
})

t.test('of a run that is over, and of which nothing was lost, nothing is gone, and it is closed', async (t) => {
  const of = (answer: object | undefined, fault?: Error) => setting({ has: [], answer, fault } as BoxIn)
  for (const { filler, asked, gone, closed } of [
    of({ items: [], gone: [], left: [], last: 5 }),
    of(undefined, new BoxError('not_found', 'nothing of this run')),
  ]) {
    const over = { ...gap(1, 0, { over: true }), last: 5 }
    for (const nowMs of [0, 1000, 2000, 3000]) await filler.run(closed.length > 0 ? [] : [over], online, nowMs)
    t.strictSame([asked.length, gone, closed], [1, [], [7]])
  }
})

t.test('what the box of a run that is over has lost of its end is gone', async (t) => {
  const { filler, gone } = setting({ has: [], answer: { items: [], gone: [], left: [], last: 5 } })
  const end = { ...gap(4, 8, { over: true }), seen: 3, last: 8 }
  for (const nowMs of [0, 1000]) await filler.run([end], online, nowMs)
  t.strictSame(gone, [[6, 8, 'the box has lost it']])
})

t.test('what is evicted takes nothing of a turn, and a short gap does not wait for a long one', async (t) => {
  const { filler, asked, seqs } = setting({ has: [9998, 9999], mostFrames: 10 })
  const both = [gap(1, 9999), { ...gap(2, 4), stream: { ...gap(2, 4).stream, id: 8, cam: 'yard' } }]
  for (const nowMs of [0, 2000]) await filler.run(both, online, nowMs)
  t.strictSame(asked, [
    [2, 4],
    [1, 9999],
  ])
  t.strictSame(seqs(), [9998, 9999])
})

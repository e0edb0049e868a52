import t from 'tap'
import { Figures } from '../../../client/collect/figures.js'
import { Filler } from '../../../client/collect/filler.js'
import { BoxError, NoAnswer, type Requester } from '../../../client/fetch/requester.js'
import type { Incoming } from '../../../client/listen/incoming.js'
import type { Coverage, Tally } from '../../../client/store/store.js'
import { classifyResult } from '../box.js'
import { boot } from '../bundle.js'

const tally: Tally = { added: { cls: 0, seg: 0, bits: 0, evt: 0 }, duplicates: 0 }
const online = new Set(['gate-1'])

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

/** A box with results of some seqs, two of which go into an answer. */
function setting(has: readonly number[], fault?: Error, left: readonly number[] = []) {
  const asked: [number, number][] = []
  const kept: number[] = []
  const gone: [number, number, string][] = []
  const closed: number[] = []
  const leftOut: number[] = []
  const requester = {
    async ask(_: string, { from, to }: { from: number; to: number }, accept: (answer: object) => boolean) {
      asked.push([from, to])
      if (fault) throw fault
      const found = has.filter((seq) => seq >= from && seq <= to)
      const page = found.slice(0, 2)
      const next = found[2]
      const end = next ?? Math.min(to, Math.max(...has)) + 1
      const missing = Array.from({ length: Math.max(0, end - from) }, (_, i) => from + i).filter(
        (seq) => !page.includes(seq),
      )
      accept({
        items: page.map((seq) => ({
          seq,
          cls: classifyResult(seq, true),
          ...(left.includes(seq) && { left_out: true }),
        })),
        gone: missing.map((seq) => ({ from: seq, to: seq })),
        next,
      })
    },
  } as unknown as Requester
  const store = {
    async commit(messages: readonly Incoming[]) {
      kept.push(...messages.map(({ key }) => key.seq))
      return tally
    },
    async gone(_: number, __: unknown, spans: readonly { from: number; to: number }[], reason: string) {
      gone.push(...spans.map(({ from, to }): [number, number, string] => [from, to, reason]))
    },
    async leftOut(_: number, __: unknown, spans: readonly { from: number }[]) {
      leftOut.push(...spans.map(({ from }) => from))
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
  const filler = new Filler(store, () => requester, figures, { gapMs: 1000, againMs: 5000 })
  return { filler, asked, kept, gone, leftOut, closed, lines }
}

t.test('a gap is given time to close by itself, and is asked for page by page', async (t) => {
  const { filler, asked, kept, gone } = setting([3, 4, 6, 9])
  await filler.run([gap(3, 8)], online, 0)
  await filler.run([gap(3, 8)], new Set(), 2000)
  t.strictSame(asked, [], 'not yet, and not of a box that is away')
  await filler.run([gap(3, 8)], online, 2000)
  t.strictSame(asked, [
    [3, 8],
    [6, 8],
  ])
  t.strictSame(kept, [3, 4, 6])
  t.strictSame(
    gone.map(([from]) => from),
    [5, 7, 8],
  )
})

t.test('at the end a gap is one when nothing has come for so long, however far the box is', async (t) => {
  const { filler, asked, kept, lines } = setting([3, 4, 5, 6, 7, 8])
  const end = (seen: number, to: number) => ({ ...gap(seen + 1, to), seen, last: to })
  await filler.run([end(2, 5)], online, 0)
  await filler.run([end(3, 6)], online, 900)
  await filler.run([end(4, 7)], online, 1800)
  t.strictSame(asked, [], 'more comes all the time')
  await filler.run([end(4, 8)], online, 2700)
  t.strictSame(asked, [])
  await filler.run([end(4, 8)], online, 2800)
  t.strictSame(kept, [5, 6, 7, 8])
  t.match(lines, [/has taken what gate-1 has published and not passed it on/])
})

t.test('what a box has left out is passed over, and not gone', async (t) => {
  const { filler, kept, gone, leftOut } = setting([3, 4, 5], undefined, [3, 5])
  await filler.run([gap(3, 5)], online, 0)
  await filler.run([gap(3, 5)], online, 2000)
  t.strictSame([kept, leftOut, gone], [[4], [3, 5], []])
})

t.test('a run that the box does not know is gone, whole', async (t) => {
  const { filler, gone, closed } = setting([], new BoxError('not_found', 'nothing of this run'))
  await filler.run([gap(3, 8)], online, 0)
  await filler.run([gap(3, 8)], online, 2000)
  t.strictSame(gone, [[3, 8, 'the box knows nothing of this run']])
  t.strictSame(closed, [])
})

t.test('a box that does not answer is left alone for a while, and the others have their turn', async (t) => {
  const { filler, asked, lines } = setting([3], new NoAnswer('no answer within 10 s'))
  await filler.run([gap(3, 8)], online, 0)
  await filler.run([gap(3, 8)], online, 2000)
  const tries = asked.length
  t.ok(tries > 0)
  await filler.run([gap(3, 8)], online, 4000)
  t.equal(asked.length, tries)
  t.match(lines, [/asking gate-1 for what is missing: no answer/])
})

t.test('of a run that is over, what came last is asked until there is no more', async (t) => {
  const { filler, asked, kept, closed } = setting([5, 6, 7, 8])
  const over = gap(1, 0, { over: true })
  await filler.run([{ ...over, last: 5 }], online, 0)
  t.strictSame([kept, closed], [[6, 7, 8], []])
  t.strictSame(
    asked,
    [
      [6, 2005],
      [8, 2005],
    ],
    'each page once',
  )
  await filler.run([{ ...over, last: 8 }], online, 0)
  t.strictSame([kept, closed], [[6, 7, 8], [7]])
  const before = asked.length
  await filler.run([{ ...over, last: 8, stream: { ...over.stream, closed: true } }], online, 0)
  t.equal(asked.length, before)
})

t.test('however much that is, with others in between; what is evicted of it is gone', async (t) => {
  const has = Array.from({ length: 5000 }, (_, i) => i + 1).filter((seq) => seq < 3000 || seq > 4500)
  const { filler, kept, gone, closed } = setting(has)
  const over = gap(1, 0, { over: true })
  let rounds = 0
  while (closed.length === 0 && ++rounds < 9) {
    const lost = gone.map(([from, to, reason]) => ({ from, to, reason }))
    await filler.run([{ ...over, last: kept.at(-1) ?? 5, gone: lost }], online, 0)
    t.ok(kept.length <= rounds * 2000)
  }
  t.equal(rounds, 4)
  t.strictSame([kept.length, gone.length], [has.length - 5, 1501])
})

t.test('what a box keeps promising and never sends is asked for once more, and no more', async (t) => {
  const { filler, closed } = setting([5, 6])
  const over = { ...gap(1, 0, { over: true }), last: 5 }
  await filler.run([over], online, 0)
  t.strictSame(closed, [])
  await filler.run([over], online, 0)
  t.strictSame(closed, [7])
})

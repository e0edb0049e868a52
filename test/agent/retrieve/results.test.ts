import t, { type Test } from 'tap'
import { Archive } from '../../../agent/archive/archive.js'
import { messagesOf } from '../../../agent/publish/results.js'
import { resultsOf } from '../../../agent/retrieve/results.js'
import { responses } from '../../../contract/messages.js'
import { Topics } from '../../../contract/topics.js'
import { classifyResult, eventMessage } from '../../client/box.js'

const topics = new Topics('blindsight', 'gate-1')
const boot = '0123456789abcdef'
const startMs = Date.UTC(2026, 10, 24)

/** A record as the pipeline makes it, from messages as they are published. */
function recordOf(seq: number): string {
  const { cls, q, hist: _, ...common } = classifyResult(seq, false, 'gate-1')
  const { hist: __, ...event } = eventMessage('street-1', 'start', seq)
  return JSON.stringify({
    common: { ...common, boot },
    q,
    cls,
    seg: { w: 2, h: 1, classes: [{ id: 0, label: 'road', frac: 1 }], mask: { enc: 'rle', data: [0, 2] } },
    ...(seq === 5 && { events: [{ ...event, boot }] }),
  })
}

function archiveWith(t: Test, seqs: readonly number[], result = recordOf): Archive {
  const archive = Archive.open(t.testdir())
  t.teardown(() => archive.close())
  for (const seq of seqs) {
    const row = { cam: 'street', boot, seq, keySeq: seq, timeUs: (startMs + seq) * 1000, bits: Uint8Array.of(seq) }
    archive.commit({ ...row, sha256: `${seq}`, model: 'x', result: result(seq), parts: 0 })
  }
  return archive
}

const ask = (archive: Archive, from: number, to: number, room = Number.POSITIVE_INFINITY, published = false) =>
  resultsOf(
    { cam: 'street', boot, from, to, published },
    archive,
    (frame) => messagesOf(frame, topics, true, startMs),
    room,
  )

t.test('what was published of frames, once more', async (t) => {
  const answer = ask(archiveWith(t, [3, 4, 5, 6]), 4, 5)!
  t.ok(responses.results.safeParse(answer).success)
  t.strictSame(
    answer.items.map(({ seq, cls, seg, evt }) => [seq, cls?.seq, seg?.seq, evt?.length]),
    [
      [4, 4, 4, undefined],
      [5, 5, 5, 1],
    ],
  )
  t.strictSame(answer.gone, [])
  t.ok(
    answer.items.every(({ cls, evt }) => cls?.hist && (evt?.[0]?.hist ?? true)),
    'as late ones',
  )
})

t.test(
  'asked for what was published: frames that were left out are told as such, and not what was said of them',
  async (t) => {
    const prevs: Record<number, object> = {
      ...{ 2: { results: null, bits: null }, 3: {}, 4: {}, 5: {} },
      ...{ 6: { results: 2 }, 7: { results: 6, bits: 2 }, 9: {} },
    }
    const archive = archiveWith(t, [2, 3, 4, 5, 6, 7, 9], (seq) =>
      JSON.stringify({ ...JSON.parse(recordOf(seq)), prev: prevs[seq] }),
    )
    const answer = ask(archive, 2, 9, undefined, true)!
    t.ok(responses.results.safeParse(answer).success)
    t.strictSame(
      answer.items.map(({ seq, cls, seg, bits, evt }) => [seq, cls?.prev, seg?.prev, bits?.prev, evt?.length]),
      [
        [2, null, null, null, undefined],
        [5, undefined, undefined, undefined, 1],
        [6, 2, 2, undefined, undefined],
        [7, 6, 6, 2, undefined],
      ],
      'of one that was left out its events, which went out',
    )
    t.notOk(answer.items.some(({ seq, cls, seg }) => seq === 5 && (cls ?? seg)))
    t.strictSame(answer.left, [
      { from: 3, to: 5 },
      { from: 9, to: 9 },
    ])
    t.strictSame(answer.gone, [{ from: 8, to: 8 }])
    const all = ask(archive, 2, 9)!
    t.strictSame([all.items.map(({ cls }) => cls?.seq), all.left], [[2, 3, 4, 5, 6, 7, 9], undefined])
    t.equal(all.items[1]!.cls!.prev, undefined, 'of one that was left out nothing is said of the one before it')
  },
)

t.test('a long stretch that was left out comes in few answers', async (t) => {
  const left = (seq: number) => JSON.stringify({ ...JSON.parse(recordOf(seq)), prev: {} })
  const archive = archiveWith(
    t,
    Array.from({ length: 450 }, (_, i) => i + 10),
    left,
  )
  const pages: unknown[] = []
  for (let from: number | undefined = 10; from !== undefined; ) {
    const answer: NonNullable<ReturnType<typeof ask>> = ask(archive, from, 10_000, undefined, true)!
    pages.push(answer.left)
    from = answer.next
  }
  t.strictSame(pages, [[{ from: 10, to: 209 }], [{ from: 210, to: 409 }], [{ from: 410, to: 459 }]])
})

t.test('of a run that is over nothing more comes', async (t) => {
  const archive = archiveWith(t, [3])
  const range = { cam: 'street', boot, from: 3, to: 9 }
  const answer = resultsOf(range, archive, () => [], 1e6, false)!
  t.strictSame([answer.gone, answer.last], [[], 3], 'whoever knows that there was more takes it for gone')
})

t.test('what is not there is gone, what may still come is not', async (t) => {
  const { items, gone, next } = ask(archiveWith(t, [3, 4, 7]), 1, 20)!
  t.strictSame(
    [items.map(({ seq }) => seq), gone, next],
    [
      [3, 4, 7],
      [
        { from: 1, to: 2 },
        { from: 5, to: 6 },
      ],
      undefined,
    ],
  )
  t.strictSame(ask(archiveWith(t, [3]), 4, 9), { status: 'ok', items: [], gone: [] })
})

t.test('of a run that was never here there is no answer', async (t) => {
  t.equal(ask(archiveWith(t, []), 0, 9), undefined)
})

t.test('many frames and small messages come in pages', async (t) => {
  const archive = archiveWith(
    t,
    Array.from({ length: 120 }, (_, seq) => seq),
  )
  const seen: number[] = []
  let from: number | undefined = 0
  let pages = 0
  while (from !== undefined) {
    const { items, gone, next }: NonNullable<ReturnType<typeof ask>> = ask(archive, from, 500, 20_000)!
    t.ok(JSON.stringify(items).length < 25_000)
    t.strictSame(gone, [])
    seen.push(...items.map(({ seq }) => seq))
    from = next
    pages++
  }
  t.equal(seen.length, 120)
  t.ok(pages > 3)
})

t.test('a damaged record, and one that no message can carry, stand in nobody’s way', async (t) => {
  const archive = archiveWith(t, [1, 2, 3], (seq) => (seq === 2 ? '{' : recordOf(seq)))
  t.match(ask(archive, 1, 3), { items: [{ seq: 1 }, { seq: 3 }], gone: [{ from: 2, to: 2 }] })
  t.strictSame(ask(archive, 1, 3, 100), {
    status: 'ok',
    items: [],
    gone: [1, 2, 3].map((seq) => ({ from: seq, to: seq })),
  })
})

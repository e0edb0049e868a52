import t from 'tap'
import { addAll, type Link } from '../../../client/store/chain.js'

const one = (seq: number, prev?: number | null): Link => ({ seq, prev, asked: false })
const bits = (seq: number, position: number, more: Partial<Link> = {}): Link => ({
  ...{ seq, prev: undefined, asked: false, record: { position } },
  ...more,
})
const span = (from: number, to = from) => ({ from, to })
const seqs = (links: readonly Link[]) => links.map(({ seq }) => seq)

t.test('each is new once, and what one says will not come is passed over', async (t) => {
  const { fresh, ...rest } = addAll([one(3), one(5), one(5), one(9, 5), one(12, 10)], [span(0, 2)], [], true)
  t.strictSame(seqs(fresh), [3, 5, 9, 12])
  t.strictSame(rest, { spans: [span(0, 3), span(5, 9), span(11, 12)], told: [span(6, 8), span(11)], untold: [] })
  t.strictSame(addAll([one(4, null)], [], [], true).spans, [span(0, 4)], 'the first one of its run')
})

t.test('a bitstream that cannot tell passes over what was before its keyframe, and no more', async (t) => {
  t.match(addAll([bits(8, 0)], [span(0, 3)], [], true), { spans: [span(0, 8)], untold: [span(4, 7)] })
  t.match(addAll([bits(8, 2)], [span(0, 3)], [], true), { spans: [span(0, 5), span(8)], untold: [span(4, 5)] })
  t.match(addAll([bits(8, 5)], [span(0, 3)], [], true), { spans: [span(0, 3), span(8)], untold: [] })
  t.match(addAll([bits(8, 0)], [span(0, 3)], [], false), { spans: [span(0, 3), span(8)], untold: [] })
  t.match(addAll([bits(8, 0, { asked: true })], [span(0, 3)], [], true), { spans: [span(0, 3), span(8)], untold: [] })
})

t.test('what was passed over and comes all the same is new, once', async (t) => {
  const late = addAll([bits(5, 0), bits(5, 0), bits(8, 0)], [span(0, 8)], [span(4, 7)], true)
  t.strictSame(seqs(late.fresh), [5])
  t.match(late, { spans: [span(0, 8)], untold: [span(4), span(6, 7)] })
  const again = addAll([bits(5, 0)], [span(0, 3), span(8)], [span(5)], true)
  t.match(again, { fresh: [{ seq: 5 }], spans: [span(0, 5), span(8)] }, 'also where it was noted as missing since')
})

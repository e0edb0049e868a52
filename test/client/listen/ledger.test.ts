import t from 'tap'
import { Ledger, type ResultKey } from '../../../client/listen/ledger.js'

const key = (seq: number, over: Partial<ResultKey> = {}): ResultKey => ({
  dev: 'gate-1',
  cam: 'street',
  boot: '0123456789abcdef',
  kind: 'cls',
  seq,
  ...over,
})
const spans = (ledger: Ledger) => ledger.gaps().map(({ boot, from, to }) => [boot[0], from, to])

t.test('a gap, part of it filled by history', (t) => {
  const ledger = new Ledger()
  t.equal(ledger.note(key(10), false).what, 'new')
  t.match(ledger.note(key(15), false), { what: 'new', opened: { from: 11, to: 14 } })
  t.equal(ledger.note(key(12), true).what, 'filled')
  t.equal(ledger.note(key(12), true).what, 'duplicate')
  t.same(spans(ledger), [
    ['0', 11, 11],
    ['0', 13, 14],
  ])
  t.match(ledger, { filled: 1, duplicates: 1 })
  t.end()
})

t.test('what was before the subscription is no gap, even as history with holes', (t) => {
  const ledger = new Ledger()
  ledger.note(key(2), true)
  ledger.note(key(5), true)
  t.notMatch(ledger.note(key(10), false), { opened: {} })
  ledger.note(key(7), true)
  t.same(spans(ledger), [])
  t.end()
})

t.test('a new boot of a followed camera starts at 0', (t) => {
  const ledger = new Ledger()
  const boot = 'fedcba9876543210'
  ledger.note(key(10), false)
  t.match(ledger.note(key(2, { boot }), false), { opened: { boot, from: 0, to: 1 } })
  t.same(spans(ledger), [['f', 0, 1]])
  t.end()
})

t.test('a camera that leaves frames out says which one was before', async (t) => {
  const ledger = new Ledger()
  const boot = 'fedcba9876543210'
  const opened = (seq: number, prev: number | null, over: Partial<ResultKey> = {}, hist = false) => {
    const verdict = ledger.note(key(seq, over), hist, prev)
    return 'opened' in verdict ? [verdict.opened?.from, verdict.opened?.to] : verdict.what
  }
  t.equal(opened(10, 4), 'new', 'the first that is heard')
  t.equal(opened(30, 10), 'new')
  t.strictSame(opened(60, 55), [31, 55])
  t.equal(opened(60, 55), 'duplicate')
  t.match(ledger.gaps(), [{ from: 31, to: 55, thinned: true }])
  t.equal(opened(40, 30, {}, true), 'filled', 'history comes in its own time')
  t.match(ledger.gaps(), [{ from: 41, to: 55 }])
  t.equal(opened(4, null, {}, true), 'new', 'from before')
  t.equal(opened(55, 40, {}, true), 'filled')
  t.strictSame(ledger.gaps(), [])
  t.equal(opened(3, null, { boot }), 'new', 'another boot, whose first frame that was published is its fourth')
  t.equal(opened(70, 60), 'new', 'the broker may mix two boots')
  t.equal(opened(8, 7, { boot, kind: 'seg' }), 'new', 'the first of its kind')
  t.strictSame(opened(5, 2, { boot: '0000000000000001', kind: 'seg' }), [0, 2], 'of a boot from its beginning')
  t.match(ledger, { filled: 2, duplicates: 1 })
})

t.test('bitstreams that cannot say it prove nothing, and are kept', async (t) => {
  const ledger = new Ledger()
  ledger.note(key(3), false, null)
  const bits = (seq: number, hist = false) => ledger.note(key(seq, { kind: 'bits' }), hist)
  t.strictSame(
    [bits(3), bits(9), bits(5, true)].map(({ what }) => what),
    ['new', 'new', 'new'],
  )
  t.equal(bits(9).what, 'duplicate')
  t.strictSame(ledger.gaps(), [])
})

t.test('kinds, cameras and devices are streams of their own', (t) => {
  const ledger = new Ledger()
  for (const over of [{}, { kind: 'seg' }, { cam: 'yard' }, { dev: 'gate-2' }] as Partial<ResultKey>[]) {
    t.equal(ledger.note(key(1, over), false).what, 'new')
    t.equal(ledger.note(key(2, over), false).what, 'new')
  }
  t.same(spans(ledger), [])
  t.end()
})

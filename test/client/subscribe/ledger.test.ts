import t from 'tap'
import { Ledger, type ResultKey } from '../../../client/subscribe/ledger.js'

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

t.test('kinds, cameras and devices are streams of their own', (t) => {
  const ledger = new Ledger()
  for (const over of [{}, { kind: 'seg' }, { cam: 'yard' }, { dev: 'gate-2' }] as Partial<ResultKey>[]) {
    t.equal(ledger.note(key(1, over), false).what, 'new')
    t.equal(ledger.note(key(2, over), false).what, 'new')
  }
  t.same(spans(ledger), [])
  t.end()
})

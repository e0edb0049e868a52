import t from 'tap'
import { Conflicts } from '../../../client/collect/conflicts.js'

/** The runs that are told, of [dev, boot, seconds]. */
function told(...messages: readonly [dev: string, boot: string, seconds: number][]) {
  const conflicts = new Conflicts()
  return messages.map(([dev, boot, seconds]) => conflicts.note(dev, boot, seconds * 1000)).filter(Boolean)
}
const turns = (seconds: number, count = 8): [string, string, number][] =>
  Array.from({ length: count }, (_, i) => ['gate-1', i % 2 ? 'b' : 'a', i * seconds])

t.test('restarts are none, however many', async (t) => {
  t.strictSame(told(...Array.from({ length: 50 }, (_, i): [string, string, number] => ['gate-1', `${i}`, i])), [])
  t.strictSame(
    told(['gate-1', 'a', 0], ['gate-1', 'b', 1], ['gate-1', 'a', 2], ['gate-1', 'a', 3]),
    [],
    'one straggler',
  )
})

t.test('runs that take turns are two boxes, told at the third turn and again', async (t) => {
  t.strictSame(told(...turns(1, 4)), [])
  t.strictSame(told(...turns(1, 5)), [['b', 'a']])
  t.equal(told(...turns(1, 11)).length, 3)
})

t.test('turns that are many minutes apart, and boxes with names of their own, are none', async (t) => {
  t.strictSame(told(...turns(310)), [])
  t.strictSame(told(...turns(1).map(([, boot, at]): [string, string, number] => [`gate-${boot}`, boot, at])), [])
})

t.test('for a while after that neither is believed', async (t) => {
  const conflicts = new Conflicts()
  t.notOk(conflicts.doubtful('gate-1', 0))
  for (const [dev, boot, seconds] of turns(1, 5)) conflicts.note(dev, boot, seconds * 1000)
  t.ok(conflicts.doubtful('gate-1', 4000 + 599_999))
  t.notOk(conflicts.doubtful('gate-1', 4000 + 600_000))
  t.notOk(conflicts.doubtful('gate-2', 4000))
})

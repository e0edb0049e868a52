import t from 'tap'
import { Acknowledged } from '../../../agent/publish/acknowledged.js'

const boot = '0123456789abcdef'

t.test('the newest of each kind, by camera and run', async (t) => {
  const acknowledged = new Acknowledged()
  const note = (seq: number, kind: 'cls' | 'bits' | 'evt', of = boot) =>
    acknowledged.note({ cam: 'street', boot: of, seq }, kind)
  t.equal(acknowledged.of('street', boot), undefined)
  note(0, 'cls')
  t.strictSame(acknowledged.of('street', boot), { cls: 0 })
  for (const seq of [7, 5, 6]) note(seq, 'cls')
  note(4, 'bits')
  note(9, 'evt')
  note(90, 'cls', 'f'.repeat(16))
  t.strictSame(acknowledged.of('street', boot), { cls: 7, bits: 4 }, 'history comes late, events have no numbers')
  t.equal(acknowledged.of('yard', boot), undefined)
})

import t from 'tap'
import { Sequence } from '../../../client/subscribe/sequence.js'

t.test('agrees with a set, in any order', (t) => {
  let random = 1
  for (let round = 0; round < 50; round++) {
    const sequence = new Sequence()
    const set = new Set<number>()
    for (let i = 0; i < 60; i++) {
      random = (random * 48271) % 2147483647
      const seq = random % 40
      t.equal(sequence.add(seq), !set.has(seq))
      set.add(seq)
    }
    const last = Math.max(...set)
    const missing = Array.from({ length: last + 1 }, (_, seq) => seq).filter((seq) => seq >= 5 && !set.has(seq))
    const holes = sequence.holes(5).flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, i) => from + i))
    t.same(holes, missing)
    t.equal(sequence.last, last)
  }
  t.end()
})

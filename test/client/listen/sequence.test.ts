import t from 'tap'
import { meet, Sequence } from '../../../client/listen/sequence.js'

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

t.test('numbers that will not come are none that is missing', async (t) => {
  // What is published of 0 to 39, and heard in any order: holes end with one that was published and not heard.
  let random = 7
  const next = (most: number) => {
    random = (random * 48271) % 2147483647
    return random % most
  }
  for (let round = 0; round < 50; round++) {
    const published = Array.from({ length: 40 }, (_, seq) => seq).filter(() => next(3) === 0)
    const heard = published.filter(() => next(4) > 0).sort(() => next(2) - 0.5)
    const sequence = new Sequence()
    for (const seq of heard) {
      const prev = published[published.indexOf(seq) - 1] ?? -1
      t.equal(sequence.add(seq, prev + 1), true)
      t.equal(sequence.add(seq, prev + 1), false)
    }
    const missing = published.filter((seq) => !heard.includes(seq) && seq < Math.max(...heard))
    const holes = sequence.holes(0)
    t.ok(missing.every((seq) => holes.some(({ from, to }) => seq >= from && seq <= to)))
    t.ok(holes.every(({ to }) => missing.includes(to)))
    t.notOk(heard.some((seq) => holes.some(({ from, to }) => seq >= from && seq <= to)))
  }
})

t.test('spans meet where they have a number in common', async (t) => {
  const spans = [
    { from: 2, to: 3 },
    { from: 7, to: 7 },
  ]
  const met = (from: number, to: number) => meet(spans, { from, to })
  t.strictSame(
    [met(0, 1), met(0, 2), met(3, 9), met(4, 6), met(7, 7), met(8, 9)],
    [false, true, true, false, true, false],
  )
  t.notOk(meet([], { from: 0, to: 9 }))
})

import t from 'tap'
import { answersOf } from '../../agent/answers.js'
import type { Encoded } from '../../agent/infer/messages.js'
import { openBundle } from '../../contract/bundle.js'
import { bundlesDir } from '../../contract/package-root.js'
import { ANALYSE, analysingBundle } from '../contract/analysing-bundle.js'

const picture = { width: 64, height: 48 }
const encoded = (parts: Partial<Encoded>) => parts as Encoded

t.test('of an analyser: all tags, each by its threshold, and the mask by its classes', (t) => {
  const bundle = openBundle(analysingBundle(t.testdir()))
  const tags = Float32Array.of(0.1, 0, 0, 0.75, 0.5, 0, 0, 0.2)
  const fractions = new Float32Array(11)
  fractions[0] = 0.75
  fractions[3] = 0.25
  const { cls, seg } = answersOf(encoded({ tags, fractions, runs: [0, 144, 3, 48] }), bundle, picture)
  t.equal(cls!.length, ANALYSE.tags.classes.length)
  t.same(cls!.slice(0, 3), [
    { id: 'car', label: 'car', p: 0.75, there: true },
    { id: 'bus', label: 'bus', p: 0.5, there: true },
    { id: 'cat', label: 'cat', p: 0.2, there: false },
  ])
  t.same(seg, {
    w: 16,
    h: 12,
    classes: [
      { id: 0, label: 'other', frac: 0.75 },
      { id: 3, label: 'car', frac: 0.25 },
    ],
    mask: { enc: 'rle', data: [0, 144, 3, 48] },
  })
  t.end()
})

t.test("a camera's own thresholds count, the bundle's for the other tags", (t) => {
  const bundle = openBundle(analysingBundle(t.testdir()))
  const tags = Float32Array.of(0.55, 0, 0, 0.75, 0.5, 0, 0, 0.2)
  const thresholds = { car: { enter: 0.8, leave: 0.2 }, cat: { enter: 0.2, leave: 0.1 } }
  const { cls } = answersOf(encoded({ tags }), bundle, { ...picture, thresholds })
  const there = cls!.filter((tag) => 'there' in tag && tag.there).map(({ id }) => id)
  t.same(there, ['person', 'bus', 'cat'])
  t.end()
})

t.test('of a classifier: the most probable of its classes, and nothing of thresholds', (t) => {
  const bundle = openBundle(`${bundlesDir()}/lean-1`)
  const probabilities = new Float32Array(20).fill(0.02)
  probabilities[6] = 0.62
  const { cls, seg } = answersOf(encoded({ probabilities }), bundle, picture)
  t.equal(cls!.length, 5)
  t.same(cls![0], { ...bundle.manifest.classes.classify[6], p: 0.62 })
  t.equal(seg, undefined)
  t.end()
})

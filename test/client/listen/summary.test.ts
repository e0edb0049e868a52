import t from 'tap'
import { summarize, summaryLines } from '../../../client/listen/summary.js'
import { boot } from '../bundle.js'

const none = { results: 0, events: 0, bitstreams: 0, unusable: 0, duplicates: 0, filled: 0, invalid: 0 }
const gap = { dev: 'gate-1', cam: 'street', boot, kind: 'cls', from: 4, to: 7 } as const

t.test('what is missing is counted by gaps; of a camera that leaves frames out, each counts for one', async (t) => {
  const summary = summarize({ ...none, results: 10 }, [gap, { ...gap, from: 10, to: 19, thinned: true }])
  t.equal(summary.missing, 5)
  t.strictSame(summaryLines(summary), [
    '10 results, 0 duplicates, 5 missing',
    `missing gate-1/street cls boot ${boot}: seq 4 to 7`,
    `missing gate-1/street cls boot ${boot}: seq 19, perhaps others from 10 on`,
  ])
})

t.test('only what there was is named', async (t) => {
  t.strictSame(summaryLines(summarize(none, [])), ['0 results, 0 duplicates, 0 missing'])
  const all = { results: 1, events: 2, bitstreams: 3, unusable: 4, duplicates: 5, filled: 6, invalid: 7 }
  t.strictSame(summaryLines(summarize(all, [])), [
    '1 results, 2 events, 3 bitstreams, 5 duplicates, 0 missing, 4 bitstreams without the frames before them, 6 filled later, 7 invalid',
  ])
})

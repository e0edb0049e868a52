/** How many threads run the networks. */
import { join } from 'node:path'
import t from 'tap'
import { choice, chooseThreads, enoughMsFor, halvings, keepUp } from '../../../agent/infer/threads.js'

const encoder = join(import.meta.dirname, '..', '..', '..', 'models', 'bundles', 'lean-1', 'encoder.onnx')
const frame = { data: new Uint8Array(64 * 96 * 3), dims: [1, 64, 96, 3] }
const options = { providers: ['cpu'] as const, note: () => {} }

t.test('the numbers that are tried', async (t) => {
  t.strictSame([1, 2, 6, 12].map(halvings), [[1], [2, 1], [6, 3, 1], [12, 6, 3, 1]])
})

t.test('the fewest that are about as fast as the fastest', async (t) => {
  t.same(choice([2, 1], [7, 12], 0, 0), { count: 2, why: '7.0 ms with 2, 12.0 ms with 1', ms: 7 })
  t.equal(choice([8, 4, 2, 1], [9, 7, 6.8, 12], 0, 0.1).count, 2)
  t.equal(choice([8, 4, 2, 1], [7, 7, 7.4, 12], 0, 0.1).count, 4)
  t.equal(choice([2, 1], [7, 7], 0, 0).count, 1)
})

t.test('no more than the cameras need', async (t) => {
  t.equal(enoughMsFor(20), 25, 'four cameras at 5 frames/s: half of 50 ms')
  t.equal(choice([2, 1], [7, 12], enoughMsFor(20), 0).count, 1)
  t.equal(choice([2, 1], [7, 12], enoughMsFor(60), 0).count, 2)
  t.equal(choice([4, 2, 1], [5, 7, 12], enoughMsFor(60), 0).count, 2)
  t.equal(enoughMsFor(Number.POSITIVE_INFINITY), 0)
})

t.test('what other programs take says nothing of later', async (t) => {
  t.same(choice([2, 1], [20, 10], 50, 0.6), {
    count: 2,
    why: 'one per core: not measured, other programs use 60 % of the processor',
  })
})

t.test('measured on a graph', async (t) => {
  const { count, why } = await chooseThreads(encoder, frame, options, 0, 2)
  t.ok([1, 2].includes(count))
  t.match(why, /^\d+\.\d ms with 2, \d+\.\d ms with 1$|^one per core: not measured, other programs/)
})

t.test('heads keep up on a share of the cores as long as all of them are busy', async (t) => {
  t.strictSame([keepUp(13, 1 / 2, 7), keepUp(15, 1 / 2, 7)], [true, false])
  t.strictSame([keepUp(7.5, 1 / 8, 7), keepUp(9, 1 / 8, 7)], [true, false])
  t.equal(keepUp(99, 1, 7), true, 'on all of them there is no more to have')
})

t.test('nothing to choose: one core, a graphics processor, a graph that does not run', async (t) => {
  t.same(await chooseThreads(encoder, frame, options, 0, 1), { count: 1, why: 'one per core' })
  t.same(await chooseThreads(encoder, frame, { ...options, providers: [] }, 0, 4), { count: 4, why: 'one per core' })
  t.same(await chooseThreads('/no/encoder.onnx', frame, options, 0, 4), { count: 4, why: 'one per core' })
})

import t from 'tap'
import { keyWeights, MAX_SOURCES, predictedWeights, sourcesOf } from '../../codec/linear.js'

t.test('sources are the nearest earlier channels that tell something', async (t) => {
  t.same([...sourcesOf(4, Uint8Array.of(1, 0, 1, 1, 1))], [3, 2, 0])
  t.same([...sourcesOf(0, Uint8Array.of(1))], [])
  t.equal(sourcesOf(200, new Uint8Array(255).fill(1)).length, MAX_SOURCES)
})

t.test('a weight per neighbour, and one', async (t) => {
  t.same([keyWeights(0), keyWeights(3)], [7, 22])
  t.same([predictedWeights(0), predictedWeights(3)], [10, 25])
})

import t from 'tap'
import { channelEntropies } from '../../../client/inspect/entropy.js'

t.test('cross-entropy with the tables, and the own entropy', (t) => {
  const tables = [
    [2, 1, 1],
    [2, 1, 1],
  ]
  const [even, single] = channelEntropies(Uint8Array.from([0, 0, 1, 2, 1, 1, 1, 1]), tables, 2)
  t.same(even, { coded: 1.5, own: 1.5 })
  t.same(single, { coded: 2, own: 0 })
  t.end()
})

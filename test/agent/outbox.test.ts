import t from 'tap'
import { Part } from '../../agent/outbox.js'

t.test('the bits of a message are in databases that boxes have: they stay what they are', async (t) => {
  t.strictSame({ ...Part }, { cls: 1, seg: 2, bits: 4 })
})

import t from 'tap'
import { reasonOf } from '../../../agent/publish/reasons.js'

t.test('the same code means another thing to do, by what was refused', async (t) => {
  t.match(reasonOf(0x87, 'connection'), /username, password/)
  t.match(reasonOf(0x87, 'message'), /write the topic/)
  t.match(reasonOf(0x87, 'filter'), /read the topic/)
  t.match(reasonOf(0xfe, 'message', { text: 'no' }), /not in the standard \("no"\) \[0xfe\]/)
})

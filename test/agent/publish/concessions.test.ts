import t from 'tap'
import { Concessions } from '../../../agent/publish/concessions.js'

t.test('nothing is taken: without retain, then QoS 0, then neither, then the message is to blame', async (t) => {
  const concessions = new Concessions()
  const seen = []
  while (concessions.strike()) seen.push(concessions.wishes)
  t.strictSame(seen, [{}, {}, { retain: false }, { qos: 0 }, { retain: false, qos: 0 }])
  t.strictSame(concessions.wishes, {})
  t.equal(concessions.strike(), false)
})

t.test('what works stays; a reason is believed at once', async (t) => {
  const concessions = new Concessions()
  for (let i = 0; i < 3; i++) concessions.strike()
  concessions.taken()
  t.strictSame(concessions.wishes, { retain: false })
  t.equal(concessions.careful, false)
  t.equal(concessions.strike(), false, 'messages were taken: it is this one')
  t.equal(concessions.strike(0x9b), true)
  t.strictSame(concessions.wishes, { retain: false, qos: 0 })
})

import t from 'tap'
import { Suspects } from '../../../agent/publish/suspects.js'

const one = { id: 1, part: 4, topic: 'bits', bytes: 900 }

t.test('three ends of the connection accuse the topic, two more the message', async (t) => {
  const suspects = new Suspects()
  t.equal(suspects.strike(one), undefined)
  t.equal(suspects.current, one)
  t.equal(suspects.strike(one), undefined)
  t.match(suspects.strike(one), { kind: 'topic' })
  t.equal(suspects.current, undefined)
  t.equal(suspects.isSuspect(one), true)
  t.equal(suspects.strike(one), undefined)
  t.match(suspects.strike(one), { kind: 'message' })
  t.equal(suspects.isSuspect(one), false)
})

t.test('a reason is believed sooner; what is taken is cleared', async (t) => {
  const suspects = new Suspects()
  suspects.strike(one, 0x87)
  t.match(suspects.strike(one, 0x87), { kind: 'topic' })
  suspects.strike({ ...one, id: 2 }, 0x95)
  t.match(suspects.strike({ ...one, id: 2 }, 0x95), { kind: 'message' })
  suspects.strike({ ...one, id: 3 })
  suspects.taken({ ...one, id: 3 })
  t.equal(suspects.current, undefined)
  t.equal(suspects.isSuspect({ ...one, id: 3 }), false)
})

t.test('it remembers a thousand', async (t) => {
  const suspects = new Suspects()
  for (let id = 0; id < 1001; id++) suspects.strike({ ...one, id })
  t.equal(suspects.isSuspect({ ...one, id: 0 }), false)
  t.equal(suspects.isSuspect({ ...one, id: 1000 }), true)
})

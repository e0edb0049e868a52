import t from 'tap'
import { Suspects } from '../../../agent/publish/suspects.js'

const one = { key: '1/4' }

t.test('three ends of the connection accuse the topic, two more the message', async (t) => {
  const suspects = new Suspects()
  t.equal(suspects.strike(one), undefined)
  t.equal(suspects.current, one)
  t.equal(suspects.strike(one), undefined)
  t.match(suspects.strike(one), { kind: 'topic' })
  t.equal(suspects.current, undefined)
  t.equal(suspects.isSuspect(one), true)
  suspects.taken({ key: '2/4' })
  t.match(suspects.strike(one), { kind: 'topic' })
  suspects.taken({ key: '3/4' })
  t.match(suspects.strike(one), { kind: 'message' })
  t.equal(suspects.isSuspect(one), false)
})

t.test('a broker that dies again and again and takes nothing says nothing about the message', async (t) => {
  const suspects = new Suspects()
  for (let deaths = 1; deaths <= 50; deaths++) t.not(suspects.strike(one)?.kind, 'message', `death ${deaths}`)
  t.equal(suspects.isSuspect(one), true, 'and it still goes alone')
})

t.test('a reason is believed sooner; what is taken is cleared', async (t) => {
  const suspects = new Suspects()
  suspects.strike(one, 0x87)
  t.match(suspects.strike(one, 0x87), { kind: 'topic' })
  suspects.strike({ key: '2/4' }, 0x95)
  t.match(suspects.strike({ key: '2/4' }, 0x95), { kind: 'message' })
  suspects.strike({ key: '3/4' })
  suspects.taken({ key: '3/4' })
  t.equal(suspects.current, undefined)
  t.equal(suspects.isSuspect({ key: '3/4' }), false)
})

t.test('it remembers a thousand', async (t) => {
  const suspects = new Suspects()
  for (let id = 0; id < 1001; id++) suspects.strike({ key: `${id}/4` })
  t.equal(suspects.isSuspect({ key: '0/4' }), false)
  t.equal(suspects.isSuspect({ key: '1000/4' }), true)
})

import t from 'tap'
import { eventPart, eventParts, MOST_EVENTS, Part, shifted, wentOut } from '../../agent/outbox.js'
import { EventMessage } from '../../contract/messages.js'
import { eventMessage } from '../client/box.js'

t.test('the bits of a message are in databases that boxes have: they stay what they are', async (t) => {
  t.strictSame({ ...Part }, { cls: 1, seg: 2, bits: 4, evt: 0x7ffffff8 })
  t.strictSame([eventPart(0), eventPart(MOST_EVENTS - 1)], [8, 0x40000000])
  t.equal(eventParts(MOST_EVENTS), Part.evt)
  t.equal(eventParts(0), 0)
})

t.test('an event whose frame was taken at another time than it was thought', async (t) => {
  const at = (ms: number) => new Date(Date.UTC(2026, 10, 24) + ms).toISOString()
  const event = EventMessage.parse({ ...eventMessage('a', 'end', 3), ts: at(0), since: at(-2000), until: at(-1) })
  t.equal(shifted(event, 0), event)
  t.match(shifted(event, 3_600_000_000), { ts: at(3_600_000), since: at(3_598_000), until: at(3_599_999), seq: 3 })
})

t.test('what of a frame went out, as its record has it', async (t) => {
  const of = (record: object) => wentOut(JSON.stringify(record))
  t.strictSame(of({}), { results: true, bits: true, events: false }, 'where every frame goes out')
  t.match(of({ prev: {} }), { results: false, bits: false })
  t.match(of({ prev: { results: null } }), { results: true, bits: false, prev: { results: null } })
  t.match(of({ prev: { results: 3, bits: 2 }, events: [{}] }), { results: true, bits: true, events: true })
  t.throws(() => wentOut('{'), SyntaxError)
})

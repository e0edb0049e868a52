import { createHash } from 'node:crypto'
import t from 'tap'
import { frameOf } from '../../../agent/archive/old-frames.js'
import { ALL_PARTS, eventPart, Part } from '../../../agent/outbox.js'
import { eventMessage } from '../../client/box.js'

const boot = '0123456789abcdef'
const bits = Buffer.from('bitstream')
const sha256 = createHash('sha256').update(bits).digest('hex')
const { hist: _, ...event } = eventMessage('street-1-1', 'start', 3)
const row = (events: unknown, more: object = {}) => {
  const result = JSON.stringify({ common: { boot, seq: 3 }, cls: [], events, ...more })
  return { rowid: 7, values: [null, 'street', boot, 3, 1e15, bits.length, sha256, 'field-1', 0, result, bits, 3] }
}
const frame = (events: unknown) => frameOf(row(events), () => ALL_PARTS)

t.test('events are taken over with the frame that carried them', (t) => {
  t.match(frame([event]), { parts: Part.cls | Part.bits | eventPart(0), events: [{ id: 'street-1-1' }] })
  t.match(frame(undefined), { parts: Part.cls | Part.bits, events: [] })
  t.end()
})

t.test('what was left out on purpose is not published by a page of the outbox that is damaged', (t) => {
  const parts = (prev: object) => frameOf(row([event], { prev }), () => ALL_PARTS)?.parts
  t.equal(parts({}), eventPart(0))
  t.equal(parts({ results: null }), Part.cls | eventPart(0))
  t.equal(parts({ results: 1, bits: 0 }), Part.cls | Part.bits | eventPart(0))
  t.end()
})

t.test('a result whose events are damaged is left out, and the bitstream stays', (t) => {
  const { bits: _bits, ...without } = event
  const nowhere = { ...event, bits: { first: 'street', last: 'street' } }
  for (const events of [
    [without],
    [nowhere],
    [{ ...event, phase: 'sta2t' }],
    'none',
    [null],
    new Array(29).fill(event),
  ])
    t.match(frame(events), { bits, parts: 0, result: '{}', events: [] })
  t.end()
})

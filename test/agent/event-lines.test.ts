import t from 'tap'
import { clockOf, eventLines } from '../../agent/event-lines.js'
import { EventMessage } from '../../contract/messages.js'
import { eventMessage } from '../client/box.js'

t.test('what begins and what ends, and of which camera', async (t) => {
  const event = (phase: 'start' | 'update' | 'end') => EventMessage.parse(eventMessage('a', phase, 3))
  t.match(eventLines([event('start'), event('update'), event('end')], 'gate: '), [
    /^\d\d:\d\d:\d\d gate: person enters · yard 12 %$/,
    /^\d\d:\d\d:\d\d gate: person is gone · yard 12 % · 12\.4 s$/,
  ])
  t.strictSame(eventLines([{ ...event('end'), reason: 'restart' }]), [], 'of another run')
  t.match(clockOf('2026-05-01T08:00:00Z'), /^\d\d:00:00$/)
})

import t from 'tap'
import { eventWords } from '../../contract/event-words.js'
import { EventMessage } from '../../contract/messages.js'
import { eventMessage } from '../client/box.js'

t.test('an event in words', async (t) => {
  const words = (phase: 'start' | 'update' | 'end', more: Partial<EventMessage> = {}) =>
    eventWords({ ...EventMessage.parse(eventMessage('a', phase, 3)), ...more })
  t.equal(words('start'), 'person enters · yard 12 %')
  t.equal(words('update'), 'person stays · yard 12 % · 12.4 s')
  t.equal(words('end', { zone: null }), 'person is gone · 12 % of the picture · 12.4 s')
  t.equal(words('end', { reason: 'restart' }), 'person is gone · yard 12 % · 12.4 s (restart)')
  t.equal(words('start', { peak: { p: 1, share: 0, ts: '' }, zone: null }), 'person enters')
  const peak = { p: 1, share: 0.0014, ts: '' }
  t.equal(words('start', { peak, zone: null }), 'person enters · 0.1 % of the picture')
})

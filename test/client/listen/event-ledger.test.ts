import t from 'tap'
import { EventLedger } from '../../../client/listen/event-ledger.js'
import { EventMessage } from '../../../contract/messages.js'
import { eventMessage } from '../box.js'

t.test('each message once, several of a frame, and what is older than memory again', async (t) => {
  const ledger = new EventLedger()
  const note = (...of: Parameters<typeof eventMessage>) => ledger.note(EventMessage.parse(eventMessage(...of)))
  t.ok(note('a', 'start', 3))
  t.ok(note('b', 'start', 3), 'with the same frame')
  t.notOk(note('a', 'start', 3))
  t.ok(note('a', 'start', 3, 'gate-2'))
  t.ok(note('a', 'update', 9))
  t.ok(note('a', 'update', 12))
  t.equal(ledger.duplicates, 1)
  for (let i = 0; i < 10_000; i++) note(`c${i}`, 'start', 1)
  t.ok(note('a', 'start', 3))
})

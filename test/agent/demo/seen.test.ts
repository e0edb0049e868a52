import t from 'tap'
import { Seen } from '../../../agent/demo/seen.js'
import { EventMessage } from '../../../contract/messages.js'
import { eventMessage } from '../../client/box.js'

const event = (id: string, phase: 'start' | 'update' | 'end', more: Partial<EventMessage> = {}) => ({
  ...EventMessage.parse(eventMessage(id, phase, 3)),
  ...more,
})

t.test('what begins and ends as a line, and all of it at the end', async (t) => {
  const seen = new Seen()
  t.strictSame(seen.lines(), [])
  t.match(seen.add([event('a', 'start'), event('b', 'start', { label: 'car' })]), [
    /^\d\d:00:00 person enters · yard 12 %$/,
    /car enters/,
  ])
  t.strictSame(seen.add([event('a', 'update')]), [])
  t.strictSame(seen.goingOn(), ['person', 'car'])
  t.match(seen.add([event('a', 'end')]), [/^\d\d:00:12 person is gone · yard 12 % · 12.4 s$/])
  t.strictSame(seen.add(undefined), [])
  t.strictSame(seen.goingOn(), ['car'])
  t.strictSame(seen.add([event('z', 'end', { reason: 'restart' })]), [], 'of another run')
  t.match(seen.lines(), [/^ {2}person +once: \d\d:00:00 for 12\.4 s$/, /^ {2}car +once: \d\d:00:00 and still there$/])
  for (let i = 0; i < 8; i++) seen.add([event(`p${i}`, 'end')])
  t.match(seen.lines()[0], /person +9 times: .* · and 3 more$/)
  t.match(seen.list(), [{ id: 'a', class: 'person', zone: 'yard', seconds: 12.4, over: true }, { over: false }])
})

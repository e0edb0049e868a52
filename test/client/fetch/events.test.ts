import { readdirSync } from 'node:fs'
import t from 'tap'
import { setUp } from '../archive-setting.js'
import { eventMessage } from '../box.js'
import { boot } from '../bundle.js'

t.test('events are listed, and the segments of one fetched', async (t) => {
  const { box, out, verb } = await setUp(t, 'events')
  box.events.push(eventMessage('street-1-1', 'end', 1), { ...eventMessage('street-1-2', 'start', 3), class: 'car' })

  const all = await verb('list')
  t.equal(all.code, 0, all.err)
  t.match(
    all.out,
    /^2026-05-01T08:00:00.000Z to 08:00:12.400Z street person is gone · yard 12 % · 12.4 s · street-1-1\n.* … street person stays .*street-1-2\n$/,
  )
  const cars = await verb('list', '--class', 'car', '--json')
  t.match(JSON.parse(cars.out), { id: 'street-1-2', phase: 'start' })

  const got = await verb('get', 'street-1-2', '--out', out)
  t.equal(got.code, 0, got.err)
  t.strictSame(readdirSync(out), [`street-${boot}-3.bsf`])
  t.equal((await verb('get', '--class', 'person', '--out', out)).code, 0)
  t.equal(readdirSync(out).length, 2)

  t.match(await verb('get', '--out', out), { code: 2, err: /what to get is unclear, events get/ })
  t.match(await verb('get', 'Street 1', '--out', out), { code: 2, err: /no id of an event, Street 1/ })
})

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Box, eventMessage } from '../box.js'
import { boot, makeBundle, makeFrame } from '../bundle.js'
import { Mosquitto } from '../mosquitto.js'
import { run } from '../run.js'

t.test('events are listed, and the segments of one fetched', async (t) => {
  const broker = await Mosquitto.start()
  const box = await Box.start(broker.url)
  t.teardown(() => Promise.all([box.stop(), broker.stop()]))
  const dir = t.testdir()
  const bundle = makeBundle(join(dir, 'bundles'))
  for (let seq = 0; seq < 5; seq++) box.archive.set(`street/${boot}/${seq}`, makeFrame(bundle, seq))
  box.events.push(eventMessage('street-1-1', 'end', 1), { ...eventMessage('street-1-2', 'start', 3), class: 'car' })
  const out = join(dir, 'out')
  const verb = (name: string, ...args: string[]) =>
    run(['events', name, '--broker', broker.url, '--device', 'gate-1', '--timeout', '600', ...args])

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

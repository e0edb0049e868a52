import { join } from 'node:path'
import t from 'tap'
import { EventCheck } from '../../../client/collect/event-check.js'
import type { Requester } from '../../../client/fetch/requester.js'
import { openStore } from '../../../client/store/open.js'
import { eventMessage } from '../box.js'
import { figuresOf } from './figures.js'

const MINUTE_MS = 60_000
const nowMs = Date.parse('2026-05-01T12:00:00.000Z')

async function setting(dir: string) {
  const store = await openStore(join(dir, 'fleet.sqlite'))
  const asked: [dev: string, from: string][] = []
  let silent = false
  const requesterOf = (dev: string) =>
    ({
      async ask(_: string, body: { from: string }, accept: (answer: object) => boolean) {
        asked.push([dev, body.from])
        if (silent) throw new Error('not connected')
        const { hist, ...event } = eventMessage('street-1', 'end', 3, dev)
        accept({ status: 'ok', items: [event] })
      },
    }) as unknown as Requester
  const { figures, lines, value } = figuresOf()
  const check = new EventCheck(store, requesterOf, figures)
  return { store, check, asked, lines, value, hush: (is = true) => (silent = is) }
}

t.test('each box is asked, what is new is kept, and then not before ten minutes or a doubt', async (t) => {
  const { store, check, asked, value } = await setting(t.testdir({}))
  t.teardown(() => store.close())
  await check.run(['gate-1', 'gate-2'], nowMs)
  t.strictSame(asked, [
    ['gate-1', '2026-04-30T12:00:00.000Z'],
    ['gate-2', '2026-04-30T12:00:00.000Z'],
  ])
  t.equal((await store.totals()).events, 2)
  t.equal(await value('recovered_total{kind="evt"}'), 2)
  await check.run(['gate-1'], nowMs + MINUTE_MS)
  t.equal(asked.length, 2)
  await check.run(['gate-1'], nowMs + 11 * MINUTE_MS)
  t.strictSame(asked.slice(2), [['gate-1', '2026-05-01T11:50:00.000Z']], 'with an overlap')
  check.doubt(nowMs + 12 * MINUTE_MS)
  await check.run(['gate-1'], nowMs + 12 * MINUTE_MS)
  t.equal(asked.length, 4)
  t.equal(await value('recovered_total{kind="evt"}'), 2, 'nothing twice')
})

t.test('no more than twenty in a round, and one that is silent holds nothing up', async (t) => {
  const { store, check, asked, lines, value, hush } = await setting(t.testdir({}))
  t.teardown(() => store.close())
  hush()
  const fleet = Array.from({ length: 25 }, (_, i) => `gate-${i}`)
  await check.run(fleet, nowMs)
  t.equal(asked.length, 20)
  await check.run(fleet, nowMs)
  t.equal(asked.length, 25)
  t.equal(await value('asked_total{outcome="silent"}'), 25)
  t.match(lines[0], /asking gate-0 for its events: not connected/)
})

t.test('one that was silent is asked again after a minute or a doubt, from where it had told all', async (t) => {
  const { store, check, asked, hush } = await setting(t.testdir({}))
  t.teardown(() => store.close())
  hush()
  await check.run(['gate-1'], nowMs)
  await check.run(['gate-1'], nowMs + MINUTE_MS / 2)
  t.equal(asked.length, 1)
  check.doubt(nowMs + MINUTE_MS / 2 + 1)
  await check.run(['gate-1'], nowMs + MINUTE_MS / 2 + 2)
  t.equal(asked.length, 2)
  hush(false)
  await check.run(['gate-1'], nowMs + 120 * MINUTE_MS)
  t.strictSame(asked[2], ['gate-1', '2026-04-30T12:00:00.000Z'], 'nothing is left out')
  t.equal((await store.totals()).events, 1)
  await check.run(['gate-1'], nowMs + 125 * MINUTE_MS)
  t.equal(asked.length, 3)
  hush()
  await check.run(['gate-1'], nowMs + 131 * MINUTE_MS)
  await check.run(['gate-1'], nowMs + 133 * MINUTE_MS)
  t.strictSame(asked[4], ['gate-1', '2026-05-01T13:50:00.000Z'])
})

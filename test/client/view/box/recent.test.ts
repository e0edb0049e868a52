import t from 'tap'
import { MOST_RECENT, Recent } from '../../../../client/view/box/recent.js'
import type { EventQuery } from '../../../../client/view/source.js'
import { storedEvent } from '../memory.js'

const now = Date.parse('2026-05-01T09:00:00Z')
const event = (id: string, minutesAgo: number, over = {}) => {
  const at = new Date(now - minutesAgo * 60_000).toISOString()
  return storedEvent(id, { since: at, until: at, ...over })
}
const ids = (events: readonly { id: string }[]) => events.map(({ id }) => id)

t.test('each box is asked once, page by page; what came meanwhile is newer', async (t) => {
  const asked: EventQuery[] = []
  const recent = new Recent(
    async (query) => {
      asked.push(query)
      if (query.dev === 'away') throw new Error('away')
      if (query.cursor === undefined) return { items: [event('a', 30), event('b', 20)], cursor: '1:x' }
      return { items: [event('c', 10, { phase: 'start' })] }
    },
    () => now,
  )
  recent.add(event('b', 20, { label: 'live' }))
  const found = await recent.list(['gate-1', 'away'])
  t.strictSame(ids(found), ['c', 'b', 'a'])
  t.equal(found[1].label, 'live')
  t.match(asked[0], { dev: 'gate-1', from: '2026-05-01T08:00:00.000Z', limit: 500 })
  t.equal(asked.length, 3)
  await recent.list(['gate-1', 'away'])
  t.equal(asked.length, 4, 'one that did not answer is asked again')
  recent.forget()
  await recent.list(['gate-1'])
  t.equal(asked.length, 6)
})

t.test('no more than can be read, nor what ended long ago', async (t) => {
  const recent = new Recent(
    async () => ({ items: [] }),
    () => now,
  )
  recent.add(event('old', 90))
  recent.add(event('parked', 90, { phase: 'update' }))
  t.strictSame(ids(await recent.list([])), ['parked'])
  for (let i = 0; i < 1000; i++) recent.add(event(`${i}`, 50 - i / 100))
  const found = await recent.list([])
  t.equal(found.length, MOST_RECENT)
  t.equal(found[0].id, '999')
})

t.test('a box whose hour never ends is left off asking', async (t) => {
  let pages = 0
  const recent = new Recent(async () => ({ items: [], cursor: `${++pages}:x` }))
  await recent.list(['gate-1'])
  t.equal(pages, 4)
})

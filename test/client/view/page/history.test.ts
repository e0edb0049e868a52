import t from 'tap'
import { loadEvents, MOST_EVENTS, merged } from '../../../../client/view/page/history.js'
import { storedEvent } from '../memory.js'

const at = (id: number | string, ms: number, dev = 'gate-1') =>
  storedEvent(String(id), { dev, since: new Date(ms).toISOString(), until: new Date(ms + 1000).toISOString() })
const wanted = { devs: ['gate-1', 'gate-2'], from: 0, to: 86_400_000 }

t.test('page after page, of each box, in order', async (t) => {
  const shown: [number, boolean][] = []
  const asked: unknown[] = []
  let last: readonly { since: string }[] = []
  await loadEvents(
    async ({ dev, cursor }) => {
      asked.push([dev, cursor])
      if (dev === 'gate-2') return { items: [at('x', 500, 'gate-2')] }
      return cursor ? { items: [at('b', 2000)] } : { items: [at('a', 0)], cursor: '1' }
    },
    wanted,
    (events, complete) => {
      shown.push([events.length, complete])
      last = events
    },
    new AbortController().signal,
  )
  t.strictSame(asked, [
    ['gate-1', undefined],
    ['gate-1', '1'],
    ['gate-2', undefined],
  ])
  t.strictSame(shown, [
    [1, false],
    [2, false],
    [3, true],
  ])
  t.strictSame(
    last.map(({ since }) => Date.parse(since)),
    [0, 500, 2000],
  )
})

t.test('it ends at a hundred thousand, at an abort, and where a source repeats itself', async (t) => {
  const many = Array.from({ length: 2000 }, (_, i) => at(i, i))
  let count = 0
  let complete = true
  let page = 0
  await loadEvents(
    async () => ({ items: many, cursor: String(page++) }),
    { ...wanted, devs: ['gate-1'] },
    (events, all) => {
      count = events.length
      complete = all
    },
    new AbortController().signal,
  )
  t.equal(count, MOST_EVENTS)
  t.equal(complete, false)
  const stop = new AbortController()
  stop.abort()
  await loadEvents(
    async () => ({ items: [] }),
    wanted,
    () => t.fail('too late'),
    stop.signal,
  )
  let times = 0
  await loadEvents(
    async () => {
      times++
      return { items: [], cursor: 'same' }
    },
    { ...wanted, devs: ['a'] },
    () => {},
    new AbortController().signal,
  )
  t.equal(times, 2)
})

t.test('what comes behind is put behind', async (t) => {
  t.strictSame(
    merged([at(1, 1)], [at(2, 2)]).map(({ id }) => id),
    ['1', '2'],
  )
  t.strictSame(
    merged([at(2, 2)], [at(1, 1)]).map(({ id }) => id),
    ['1', '2'],
  )
  t.strictSame(merged([], []), [])
})

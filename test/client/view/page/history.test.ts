import t from 'tap'
import { Refused } from '../../../../client/view/page/api.js'
import { faultsSaid, loadEvents, MOST_EVENTS, merged } from '../../../../client/view/page/history.js'
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
    ({ events, complete }) => {
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

t.test('a box that is away keeps back neither the events of the others nor its own that have come', async (t) => {
  const asked: unknown[] = []
  const found: [string[], boolean, Record<string, string>][] = []
  await loadEvents(
    async ({ dev, cursor }) => {
      asked.push(dev)
      if (dev === 'gate-1') throw new Error('box gate-1 is away (offline)')
      if (dev === 'gate-2') return { items: [at('a', 0, 'gate-2')] }
      if (cursor) throw new Error('no answer within 10 s')
      return { items: [at('b', 500, 'gate-3')], cursor: '1' }
    },
    { ...wanted, devs: ['gate-1', 'gate-2', 'gate-3'] },
    ({ events, complete, faults }) => found.push([events.map(({ id }) => id), complete, Object.fromEntries(faults)]),
    new AbortController().signal,
  )
  t.strictSame(asked, ['gate-1', 'gate-2', 'gate-3', 'gate-3'])
  const away = { 'gate-1': 'box gate-1 is away (offline)' }
  t.strictSame(found, [
    [[], false, away],
    [['a'], false, away],
    [['a', 'b'], false, away],
    [['a', 'b'], true, { ...away, 'gate-3': 'no answer within 10 s' }],
  ])
})

t.test('a zone that one box does not know and another does is no fault; one that none knows is', async (t) => {
  const unknown = (dev: string) => {
    throw new Refused(404, `${dev}: nothing here is named ramp`)
  }
  const found = async (knows: string[]) => {
    const said: unknown[] = []
    await loadEvents(
      async ({ dev }) => (knows.includes(String(dev)) ? { items: [] } : unknown(String(dev))),
      { ...wanted, zone: 'ramp' },
      ({ complete, faults }) => said.push([complete, [...faults.keys()]]),
      new AbortController().signal,
    )
    return said
  }
  t.strictSame(await found(['gate-1']), [
    [false, []],
    [true, []],
  ])
  t.strictSame(await found([]), [
    [false, []],
    [true, ['gate-1', 'gate-2']],
  ])
})

t.test('faults are said by the name of their boxes, the same one once', async (t) => {
  t.equal(faultsSaid(new Map()), undefined)
  t.equal(faultsSaid(new Map([['gate-1', 'box gate-1 is away']])), 'box gate-1 is away')
  t.equal(
    faultsSaid(
      new Map([
        ['a', 'busy'],
        ['box-2', 'box-2 is away'],
        ['b', 'busy'],
      ]),
    ),
    'a, b: busy; box-2 is away',
  )
  t.equal(faultsSaid(new Map(['a', 'b', 'c', 'd', 'e'].map((dev) => [dev, 'busy']))), 'a, b, c, and 2 more: busy')
})

t.test('it ends at a hundred thousand, at an abort, and where a source repeats itself', async (t) => {
  const many = Array.from({ length: 2000 }, (_, i) => at(i, i))
  let count = 0
  let complete = true
  let page = 0
  await loadEvents(
    async () => ({ items: many, cursor: String(page++) }),
    { ...wanted, devs: ['gate-1'] },
    (found) => {
      count = found.events.length
      complete = found.complete
    },
    new AbortController().signal,
  )
  t.equal(count, MOST_EVENTS)
  t.equal(complete, false)
  t.equal(page, 51)
  await loadEvents(
    async ({ cursor }) =>
      Number(cursor ?? 0) < 50 ? { items: many, cursor: `${Number(cursor ?? 0) + 1}` } : { items: [] },
    { ...wanted, devs: ['gate-1'] },
    (found) => {
      count = found.events.length
      complete = found.complete
    },
    new AbortController().signal,
  )
  t.strictSame([count, complete], [MOST_EVENTS, true], 'exactly so many are all')
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

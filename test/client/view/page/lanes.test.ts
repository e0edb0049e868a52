import t from 'tap'
import { markAt, marksOf, msOf, ticks, xOf, zoomed } from '../../../../client/view/page/lanes.js'
import { storedEvent } from '../memory.js'

const day = { from: Date.parse('2026-05-01T00:00:00Z'), to: Date.parse('2026-05-02T00:00:00Z') }
const scale = { ...day, width: 1000 }
const at = (ms: number, lasts = 1000, over = {}) =>
  storedEvent(`${ms}`, { since: new Date(ms).toISOString(), until: new Date(ms + lasts).toISOString(), ...over })

t.test('a time is a place', async (t) => {
  t.equal(xOf(day.from, scale), 0)
  t.equal(xOf(day.to, scale), 1000)
  t.equal(msOf(xOf(day.from + 5e6, scale), scale), day.from + 5e6)
})

t.test('a hundred thousand events are a mark a pixel and class', async (t) => {
  const events = Array.from({ length: 100_000 }, (_, i) =>
    at(day.from + i * 864, 1000, { class: i % 2 ? 'person' : 'vehicle' }),
  )
  const lane = marksOf(events, scale).get('gate-1/street')!
  t.ok(lane.length <= 2000, `${lane.length}`)
  t.equal(
    lane.reduce((sum, { count }) => sum + count, 0),
    100_000,
  )
})

t.test('each camera has its lane, each class its marks, and what is outside none', async (t) => {
  const marks = marksOf(
    [
      at(day.from - 5000),
      at(day.from - 500, 1000),
      at(day.from + 5e6, 3_600_000),
      at(day.from + 5e6, 1, { class: 'car' }),
      at(day.from, 1, { cam: 'yard' }),
    ],
    scale,
  )
  t.strictSame([...marks.keys()], ['gate-1/street', 'gate-1/yard'])
  t.match(marks.get('gate-1/street'), [
    { x: 0, count: 1 },
    { x: 57, width: 43 },
    { x: 57, width: 2 },
  ])
})

t.test('the mark under the pointer, or the nearest', async (t) => {
  const lane = marksOf([at(day.from + 5e6), at(day.from + 6e6)], scale).get('gate-1/street')
  t.equal(markAt(lane, 58)?.x, 57)
  t.equal(markAt(lane, 66)?.x, 69)
  t.equal(markAt(lane, 500), undefined)
  t.equal(markAt(undefined, 5), undefined)
})

t.test('ticks stand at full hours of the zone that is shown', async (t) => {
  const before = process.env.TZ
  t.teardown(() => {
    if (before === undefined) delete process.env.TZ
    else process.env.TZ = before
  })
  process.env.TZ = 'Asia/Kolkata'
  t.equal(new Date(day.from).getTimezoneOffset(), -330, 'a zone of half an hour')
  t.ok(ticks(scale, true).every((ms) => new Date(ms).getUTCMinutes() === 0))
  t.equal(ticks(scale, true)[0], day.from)
  t.ok(ticks(scale, false).every((ms) => new Date(ms).getMinutes() === 0 && new Date(ms).getHours() % 2 === 0))
})

t.test('ticks can be read, a zoom stays within the day', async (t) => {
  t.ok(ticks(scale, true).length <= 16 && ticks(scale, true).length >= 8)
  t.ok(ticks({ from: day.from, to: day.from + 60_000, width: 1000 }, true).length > 5)
  t.strictSame(zoomed(day, day.from, 3_600_000), { from: day.from, to: day.from + 3_600_000 })
  t.strictSame(zoomed(day, day.to, 3_600_000), { from: day.to - 3_600_000, to: day.to })
  t.strictSame(zoomed(day, 0, 1e12), day)
})

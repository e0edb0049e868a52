import t from 'tap'
import {
  clock,
  dayOf,
  daySpan,
  dayStart,
  duration,
  otherDay,
  shortClock,
  zoneName,
} from '../../../../client/view/page/time.js'

const HOUR = 3_600_000
const ms = (text: string) => Date.parse(text)

t.test('UTC', async (t) => {
  const at = ms('2026-05-01T08:04:05.678Z')
  t.equal(clock(at, true), '08:04:05')
  t.equal(clock(at, true, true), '08:04:05.6')
  t.equal(shortClock(at, true), '08:04')
  t.equal(dayOf(at, true), '2026-05-01')
  t.strictSame(daySpan(at, true), { from: ms('2026-05-01T00:00:00Z'), to: ms('2026-05-02T00:00:00Z') })
  t.equal(otherDay(at, -1, true), ms('2026-04-30T00:00:00Z'))
  t.equal(zoneName(at, true), 'UTC')
})

t.test('in a zone with summer time a day may have 23 or 25 hours', async (t) => {
  const before = process.env.TZ
  process.env.TZ = 'Europe/Berlin'
  t.teardown(() => {
    if (before === undefined) delete process.env.TZ
    else process.env.TZ = before
  })
  const hours = (text: string) => {
    const { from, to } = daySpan(ms(text), false)
    return (to - from) / HOUR
  }
  t.equal(hours('2026-03-29T12:00:00Z'), 23)
  t.equal(hours('2026-10-25T12:00:00Z'), 25)
  t.equal(hours('2026-11-26T12:00:00Z'), 24)
  t.equal(clock(ms('2026-07-01T22:30:00Z'), false), '00:30:00')
  t.equal(dayOf(ms('2026-07-01T22:30:00Z'), false), '2026-07-02')
  t.equal(dayOf(otherDay(ms('2026-10-25T22:30:00Z'), 1, false), false), '2026-10-26')
  t.equal(zoneName(ms('2026-07-01T12:00:00Z'), false), 'UTC+02:00')
})

t.test('a day of an input', async (t) => {
  t.equal(dayStart('2026-05-01', true), ms('2026-05-01T00:00:00Z'))
  for (const wrong of ['', '2026-5-1', '2026-02-30', 'today']) t.equal(dayStart(wrong, true), undefined)
})

t.test('how long', async (t) => {
  t.strictSame([800, 42_000, 180_000, 2 * HOUR, 2 * HOUR + 300_000].map(duration), [
    '0.8 s',
    '42 s',
    '3 min',
    '2 h',
    '2 h 5 min',
  ])
})

import t from 'tap'
import { isoMs, isoOf } from '../../contract/time.js'

t.test('every usual spelling of the same moment', async (t) => {
  const same = [
    '2026-05-01T08:00:00Z',
    '2026-05-01T08:00Z',
    '2026-05-01T08Z',
    '2026-05-01T08:00:00.000Z',
    '2026-05-01T08:00:00.000000Z',
    '2026-05-01T08:00:00,0Z',
    '2026-05-01t08:00:00z',
    '2026-05-01 08:00:00+00:00',
    '2026-05-01 08:00:00 +0000',
    '2026-05-01T10:00:00+02:00',
    '2026-05-01T10:00:00+0200',
    '2026-05-01T10:00+02',
    '2026-05-01T02:30:00-05:30',
    '2026-05-01T02:30:00\u221205:30',
    '2026-04-30T20:00:00-12:00',
    '20260501T080000Z',
    '20260501T1000+0200',
  ]
  for (const text of same) t.equal(isoMs(text), Date.UTC(2026, 4, 1, 8), text)
  t.equal(isoMs('2026-05-01T08:00:00.123456Z'), Date.UTC(2026, 4, 1, 8, 0, 0, 123))
  t.equal(isoMs('2026-12-31T24:00:00Z'), Date.UTC(2027, 0, 1))
  t.equal(isoMs('2016-12-31T23:59:60Z'), Date.UTC(2017, 0, 1))
  t.equal(isoMs('2028-02-29T00:00Z'), Date.UTC(2028, 1, 29))
})

t.test('what is none, or could be several moments', async (t) => {
  const wrong = [
    '',
    'now',
    '2026-05-01',
    '2026-05-01T08:00:00',
    '2026-02-30T00:00Z',
    '2026-13-01T00:00Z',
    '2027-02-29T00:00Z',
  ]
  wrong.push('2026-05-01T25:00Z', '2026-05-01T24:01Z', '2026-05-01T08:60Z', '2026-05-01T08:00+24:00', '2026-5-1T08:00Z')
  wrong.push('1777622400', '01.05.2026 08:00', '2026-05-01T08:00:00Z\n', '2026-05-01T08:00:00.Z', '2026-0501T08:00Z')
  for (const text of wrong) t.equal(isoMs(text), undefined, text)
})

t.test('microseconds, as messages have them', async (t) => {
  t.equal(isoOf(1_777_622_400_123_456), '2026-05-01T08:00:00.123Z')
})

import t from 'tap'
import { parseConfig } from '../../agent/config/load.js'
import { limitsOf } from '../../agent/limits.js'

t.test('in bytes and milliseconds', async (t) => {
  const archive = { maxMegabytes: 100, maxDays: 2, minFreeMegabytes: 3, keepNewestMinutes: 5 }
  const outbox = { maxMegabytes: 7, maxHours: 1, onFull: 'thin' }
  const config = parseConfig(JSON.stringify({ cameras: [{ id: 'a', source: '/a.mp4' }], archive, outbox }), 'test')
  t.strictSame(limitsOf(config), {
    maxBytes: 100e6,
    maxAgeMs: 2 * 86_400_000,
    keepEventsMs: undefined,
    minFreeBytes: 3e6,
    keepNewestMs: 300_000,
    outboxMaxBytes: 7e6,
    outboxMaxAgeMs: 3_600_000,
    onFull: 'thin',
  })
  const longer = { cameras: [{ id: 'a', source: '/a.mp4' }], archive: { ...archive, keepEventsDays: 9 } }
  t.equal(limitsOf(parseConfig(JSON.stringify(longer), 'test')).keepEventsMs, 9 * 86_400_000)
})

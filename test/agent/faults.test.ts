import t from 'tap'
import { Faults } from '../../agent/faults.js'

t.test('distinct faults, latest first, with how often and when', async (t) => {
  let now = '10:00'
  const faults = new Faults(() => now)
  faults.add({ cam: 'street', reason: 'connection\nrefused', retryMs: 500 }, 'capture ended')
  now = '10:01'
  faults.add({ reason: 'disk full' }, 'no archive')
  now = '10:02'
  faults.add({ cam: 'street', reason: 'connection\nrefused', retryMs: 900 }, 'capture ended')
  faults.add({}, 'alone')
  t.strictSame(faults.latest(3), [
    { text: 'alone', count: 1, first: '10:02', last: '10:02' },
    { text: 'capture ended (street; connection refused)', count: 2, first: '10:00', last: '10:02' },
    { text: 'no archive (disk full)', count: 1, first: '10:01', last: '10:01' },
  ])
})

t.test('few and short', async (t) => {
  const faults = new Faults()
  for (let i = 0; i < 1000; i++) faults.add({ reason: `${i} ${'x'.repeat(1000)}` }, 'lost')
  t.equal(faults.latest().length, 20)
  t.match(faults.latest()[0]!.text, /^lost \(999 x/)
  t.ok(faults.latest().every(({ text }) => text.length === 240))
})

import t from 'tap'
import { Rates } from '../../agent/rates.js'

t.test('a steady rate, and a camera that stands still does not live on its past', async (t) => {
  let now = 0
  const rates = new Rates(() => now)
  const pass = (seconds: number, count: (s: number) => number) => {
    for (const end = now + seconds * 1000; now < end; ) {
      now += 5000
      rates.sample(new Map([['in', count(now / 1000)]]))
    }
  }
  pass(120, (s) => s * 5)
  t.equal(rates.of('in', 600), 5)
  t.equal(rates.of('in', 600), 5, 'asking changes nothing')
  pass(35, () => 600)
  t.equal(rates.of('in', 600), 0)
  t.equal(rates.of('other', 0), 0)
})

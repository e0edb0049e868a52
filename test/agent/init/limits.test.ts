import t from 'tap'
import { askLimits } from '../../../agent/init/limits.js'
import { box, camera, Scripted } from './scripted.js'

t.test('what it means in days, before and after', async (t) => {
  const ask = new Scripted([
    ['Archive, in GB', 'much'],
    ['Archive, in GB', '20'],
    ['And in days', '0'],
    ['And in days', '7'],
  ])
  t.strictSame(await askLimits(ask, box(), [camera]), { maxMegabytes: 20_000, maxDays: 7 })
  t.match(ask.said[0], /about 2\.1 GB a day: 4\.1 GB hold about 47 hours; the oldest goes first\. 50 GB are free/)
  t.match(ask.said.at(-1), 'That holds about 7 days.')
  t.equal(ask.refused.length, 2)
})

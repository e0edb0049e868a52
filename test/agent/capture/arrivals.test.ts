import t from 'tap'
import { Arrivals } from '../../../agent/capture/arrivals.js'

const stamp = (n: number, us: number | string) =>
  `[Parsed_showinfo_4 @ 0x5595] [info] n:   ${n} pts:${us} pts_time:1.79e+09`

t.test('stamps and pictures in the same order, whichever comes first', async (t) => {
  const arrivals = new Arrivals()
  t.ok(arrivals.line(stamp(0, 1000)))
  t.equal(await arrivals.next(), 1000)
  const later = arrivals.next()
  t.ok(arrivals.line(stamp(1, 2000)))
  t.equal(await later, 2000)
  t.notOk(arrivals.line('[info] Stream mapping:'))
  t.notOk(arrivals.line('[Parsed_showinfo_4 @ 0x5595] [info] config in time_base: 1/1000000'))
})

t.test('a stamp that does not come is not taken for the next picture', async (t) => {
  const arrivals = new Arrivals()
  t.equal(await arrivals.next(), undefined)
  arrivals.line(stamp(0, 1000))
  arrivals.line(stamp(1, 2000))
  t.equal(await arrivals.next(), 2000)
})

t.test('no stamp', async (t) => {
  const arrivals = new Arrivals()
  arrivals.line(stamp(0, 'NOPTS'))
  t.ok(Number.isNaN(await arrivals.next()))
})

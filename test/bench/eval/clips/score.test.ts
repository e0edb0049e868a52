import t from 'tap'
import { events, presence, rates, sizeOf } from './score.js'
import type { TruthFrame } from './truth.js'

/** One sign per half second: `c` a car, `s` a small one, `?` perhaps one, `.` none. */
const truth = (signs: string): TruthFrame[] =>
  [...signs].map((sign, i) => ({
    t: i / 2,
    frame: i * 5,
    person: false,
    car: 'cs'.includes(sign),
    two_wheeler: false,
    large_vehicle: false,
    animal: false,
    small: sign === 's' ? ['car'] : [],
    unsure: sign === '?' ? ['car'] : [],
  }))
const said = (signs: string, events: [number, number][] = []) => ({
  present: [...signs].map((sign) => sign === 'c'),
  events: events.map(([since, until]) => ({ since, until })),
})
const all = () => true

t.test('presence per half second', (t) => {
  const frames = truth('..cc?ss..')
  const counts = presence('car', frames, said('cccc.c..c'), all)
  t.same(
    counts,
    { hit: 3, missed: 1, false: 3, quiet: 1, alarms: 2 },
    'unsure ones are passed over; a run is one alarm',
  )
  const tall = presence('car', frames, said('cccc.c..c'), (frame) => sizeOf('car', frame) !== 'small')
  t.same(tall, { hit: 2, missed: 0, false: 3, quiet: 1, alarms: 2 }, 'small ones count neither as hit nor as missed')
  t.match(rates(counts, 2), {
    half_seconds: 8,
    precision: 0.5,
    recall: 0.75,
    f1: 0.6,
    false_share: 0.75,
    false_alarms_per_hour: 3600,
  })
  t.match(rates({ hit: 0, missed: 0, false: 0, quiet: 0, alarms: 0 }, 2), { f1: null, false_alarms_per_hour: null })
  t.end()
})

t.test('sizes, where the truth says more than small', (t) => {
  const [frame] = truth('c')
  t.equal(sizeOf('car', frame!), 'unsized')
  t.equal(sizeOf('car', { ...frame!, small: ['car'], medium: [] }), 'small')
  t.equal(sizeOf('car', { ...frame!, medium: ['car'] }), 'medium')
  t.equal(sizeOf('car', { ...frame!, medium: [] }), 'large')
  t.end()
})

t.test('events: what touches one finds it, what touches none is false', (t) => {
  const frames = truth('..cc?c....cc..')
  const of = (events_: [number, number][]) => events('car', frames, said('', events_), 2)
  t.same(of([]), { found: 0, missed: 2, false: 0, late: [] })
  t.same(of([[1.25, 3]]), { found: 1, missed: 1, false: 0, late: [0.25] }, 'an unsure half second holds a run together')
  t.same(
    of([
      [1, 1.5],
      [2.5, 2.7],
      [3.8, 4],
      [5.25, Number.POSITIVE_INFINITY],
    ]),
    {
      found: 2,
      missed: 0,
      false: 1,
      late: [0, 0.25],
    },
  )
  t.same(events('car', truth('?.....'), said('', [[0, 0.2]]), 2), { found: 0, missed: 0, false: 0, late: [] })
  t.end()
})

t.test('what is said where the truth does not speak is not false', (t) => {
  const frames = truth('......')
  t.equal(events('car', frames, said('......', [[1, 2]]), 2).false, 1)
  t.equal(events('car', frames, said('......', [[3.5, 4]]), 2).false, 0, 'after its end')
  const later = truth('......').map((frame) => ({ ...frame, t: frame.t + 60 }))
  t.equal(events('car', [...frames, ...later], said('', [[30, 35]]), 2).false, 0, 'in a gap')
  t.equal(events('car', [...frames, ...later], said('', [[61, 62]]), 2).false, 1)
  t.end()
})

import t from 'tap'
import { BadQuery, Query } from '../../../../client/view/api/query.js'

const query = (values: Record<string, unknown>) => new Query(values)

t.test('what is right is read', async (t) => {
  t.equal(query({ dev: 'gate-1' }).id('dev'), 'gate-1')
  t.equal(query({ t: '2026-05-01T10:00+02:00' }).time('t'), '2026-05-01T08:00:00.000Z')
  t.equal(query({ n: '12' }).number('n', 1, 20), 12)
  t.equal(query({}).number('n', 1, 20, 7), 7)
  t.equal(query({ zone: 'Einfahrt Süd' }).word('zone'), 'Einfahrt Süd')
  t.equal(query({ zone: '' }).word('zone'), undefined)
})

t.test('what is wrong is said in a sentence', async (t) => {
  const cases: [() => unknown, RegExp][] = [
    [() => query({}).id('dev'), /^dev is missing$/],
    [() => query({ dev: '../etc' }).id('dev'), /^dev is '\.\.\/etc': expected/],
    [() => query({ dev: ['a', 'b'] }).id('dev'), /more than once/],
    [() => query({ ref: 'a/b' }).ref('ref'), /camera\/boot\/seq/],
    [() => query({ t: 'yesterday' }).time('t'), /expected a time like/],
    [() => query({ from: '2026-05-02T00:00:00Z', to: '2026-05-01T00:00:00Z' }).span(31), /exchange them/],
    [() => query({ from: '2026-01-01T00:00:00Z', to: '2026-05-01T00:00:00Z' }).span(31), /120 days.*at most 31/],
    [() => query({ n: '0' }).number('n', 1, 20), /expected 1 to 20/],
    [() => query({ n: '1e3' }).number('n', 1, 20), /whole number/],
    [() => query({ zone: 'a\nb' }).word('zone'), /expected a name/],
    [() => query({ nonsense: '1' }).done(), /'nonsense' is not known here/],
  ]
  for (const [ask, message] of cases) {
    t.throws(ask, message)
    t.throws(ask, BadQuery)
  }
})

import t from 'tap'
import { filedAt } from '../../../client/store/commit.js'

t.test('a time is that of the frame unless it cannot be', async (t) => {
  const at = '2026-05-01T08:00:00.000Z'
  t.equal(filedAt('2026-05-01T07:59:59.5Z', at), '2026-05-01T07:59:59.500Z')
  t.equal(filedAt('2026-04-01T00:00:00Z', at), '2026-04-01T00:00:00.000Z', 'history')
  t.equal(filedAt('2026-05-01T08:59:00Z', at), '2026-05-01T08:59:00.000Z', 'a clock that is a little ahead')
  t.equal(filedAt('2026-05-01T09:00:01Z', at), at)
  t.equal(filedAt('1970-01-01T00:00:12Z', at), at)
})

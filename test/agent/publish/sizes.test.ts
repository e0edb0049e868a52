import t from 'tap'
import { Sizes } from '../../../agent/publish/sizes.js'

t.test('what was refused in words is forgotten with the connection, what was hung up on after an hour', async (t) => {
  let now = 0
  const sizes = new Sizes(() => now)
  sizes.taken(1000)
  sizes.refused(5000)
  t.equal(sizes.tooLarge, 5000)
  now = 1
  sizes.connected()
  t.equal(sizes.tooLarge, Number.POSITIVE_INFINITY)
  t.equal(sizes.hungUp(900), false, 'larger ones were taken')
  t.equal(sizes.hungUp(4000), true)
  sizes.connected()
  t.equal(sizes.tooLarge, 4000)
  now = 4_000_000
  sizes.connected()
  t.equal(sizes.tooLarge, Number.POSITIVE_INFINITY)
})

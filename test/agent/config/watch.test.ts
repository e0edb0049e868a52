import t from 'tap'
import { EventRule, Zone } from '../../../agent/config/watch.js'

t.test('defaults', async (t) => {
  t.strictSame(EventRule.parse({ class: 'car' }), { class: 'car', enterSeconds: 0.5, leaveSeconds: 2, motion: false })
})

t.test('unknown keys, and points that are none', async (t) => {
  t.notOk(EventRule.safeParse({ class: 'car', zones: ['road'] }).success)
  t.notOk(Zone.safeParse({ name: 'road', polygon: [[0, 0, 0]] }).success)
  t.notOk(Zone.safeParse({ name: 'The Road', polygon: [] }).success)
})

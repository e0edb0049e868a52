import t from 'tap'
import { closest } from '../../../agent/config/near.js'

t.test('the word that was probably meant', async (t) => {
  t.equal(closest('heigth', ['width', 'height']), 'height')
  t.equal(closest('max_megabytes', ['maxMegabytes', 'maxDays']), 'maxMegabytes')
  t.equal(closest('Drop-Oldest', ['drop_oldest', 'thin']), 'drop_oldest')
  t.equal(closest('fsp', ['fit', 'fps', 'id']), 'fps')
  t.equal(closest('brokr', ['device', 'bundle']), undefined)
  t.equal(closest('x'.repeat(1e5), ['device']), undefined)
  t.equal(closest('a', []), undefined)
})

import t from 'tap'
import { TooBusy, Turns } from '../../../../client/view/api/turns.js'

t.test('so many at once, so many in line, and no more', async (t) => {
  const turns = new Turns(1, 1)
  let go = () => {}
  const first = turns.take(() => new Promise<string>((resolve) => (go = () => resolve('first'))))
  const second = turns.take(async () => 'second')
  await t.rejects(
    turns.take(async () => 'third'),
    TooBusy,
  )
  go()
  t.strictSame(await Promise.all([first, second]), ['first', 'second'])
  await t.rejects(
    turns.take(async () => {
      throw new Error('broken')
    }),
    /broken/,
  )
  t.equal(await turns.take(async () => 'again'), 'again')
})

import t from 'tap'
import { Slot } from '../../../agent/capture/slot.js'

t.test('the newest wins, and the one that had to go is returned', async (t) => {
  let filled = 0
  const slot = new Slot<number>(() => filled++)
  t.equal(slot.take(), undefined)
  t.equal(slot.put(1), undefined)
  t.equal(slot.put(2), 1)
  t.equal(slot.take(), 2)
  t.equal(slot.take(), undefined)
  t.equal(filled, 2)
})

t.test('putWaiting drops nothing', async (t) => {
  const slot = new Slot<number>(() => {})
  const taken: number[] = []
  const writer = (async () => {
    for (let i = 0; i < 50; i++) await slot.putWaiting(i)
  })()
  while (taken.length < 50) {
    const item = slot.take()
    if (item !== undefined) taken.push(item)
    await Promise.resolve()
  }
  await writer
  t.strictSame(
    taken,
    Array.from({ length: 50 }, (_, i) => i),
  )
})

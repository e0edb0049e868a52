import t from 'tap'
import { SLOT_FRAMES, Slot } from '../../../agent/capture/slot.js'

t.test('where it is full the oldest has to go, and is returned', async (t) => {
  let filled = 0
  const slot = new Slot<number>(() => filled++)
  t.equal(slot.take(), undefined)
  for (let i = 0; i < SLOT_FRAMES; i++) t.equal(slot.put(i), undefined)
  t.equal(slot.put(SLOT_FRAMES), 0)
  for (let i = 1; i <= SLOT_FRAMES; i++) t.equal(slot.take(), i)
  t.equal(slot.take(), undefined)
  t.equal(filled, SLOT_FRAMES + 1)
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

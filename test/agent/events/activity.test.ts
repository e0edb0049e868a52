import t from 'tap'
import { Activity, tally } from '../../../agent/events/activity.js'

const cells = { width: 4, height: 2 }
const places = { width: 8, height: 4 }
const mask = new Uint8Array(32).fill(1, 16)
const changed = (...at: number[]) => {
  const all = new Uint8Array(8)
  for (const cell of at) all[cell] = 1
  return all
}

t.test('motion is the share of cells that changed; without a frame before nobody knows', async (t) => {
  const activity = new Activity(cells, places, 2)
  t.equal(activity.look(0, undefined, mask).motion, undefined)
  t.equal(activity.look(100, changed(), mask).motion, 0)
  t.equal(activity.look(200, changed(0, 7), mask).motion, 0.25)
})

t.test('a place moves for about a second after its cell changed, whatever the frame rate', async (t) => {
  for (const stepMs of [10, 100, 400]) {
    const activity = new Activity(cells, places, 2)
    activity.look(0, changed(5), mask)
    let until = 0
    for (let now = stepMs; now < 3000; now += stepMs) {
      if (activity.look(now, changed(), mask).moves.some(Boolean)) until = now
    }
    t.ok(until >= 600 && until < 1000, `${stepMs} ms a frame: until ${until}`)
  }
})

t.test('a cell covers its places, and places of a class are counted with those that move', async (t) => {
  const activity = new Activity(cells, places, 2)
  const { moves, picture, moving } = activity.look(0, changed(5), mask)
  t.strictSame(
    [...moves.keys()].filter((at) => moves[at]),
    [18, 19, 26, 27],
  )
  t.match(picture, { all: 32, count: [16, 16], moving: [0, 4] })
  t.strictSame(moving, [0, 0.25])
  const zone = tally(mask, moves, 2, Uint32Array.of(0, 18, 31))
  t.match(zone, { all: 3, count: [1, 2], moving: [0, 1] })
  t.strictSame([...tally(mask, moves, 1).count], [16], 'a class that the manifest does not know counts for none')
})

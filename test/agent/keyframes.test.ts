import t from 'tap'
import { Keyframes } from '../../agent/keyframes.js'

t.test('every so often by the clock that no one sets, and for who asks at most once a second', async (t) => {
  const keyframes = new Keyframes()
  const due = (ms: number) => keyframes.due('a', ms, 5)
  t.equal(due(0), true, 'the first')
  t.equal(due(4999), false)
  t.equal(due(5000), true)
  keyframes.ask('a')
  t.equal(due(5900), false)
  t.equal(due(6000), true)
  t.equal(due(6001), false)
})

t.test('one that has to stand alone', async (t) => {
  const keyframes = new Keyframes()
  t.strictSame(
    [0, 100, 200].map((ms) => keyframes.due('a', ms, 5, ms === 200)),
    [true, false, true],
  )
  t.equal(keyframes.due('a', 5000, 5), false, 'the next is counted from there')
})

t.test('after one that was lost', async (t) => {
  const keyframes = new Keyframes()
  keyframes.due('a', 0, 5)
  keyframes.lost('a')
  t.equal(keyframes.follows('a'), false)
  t.equal(keyframes.due('a', 100, 5), true)
  keyframes.stored('a', true, 100)
  t.equal(keyframes.follows('a'), true)
  t.equal(keyframes.due('a', 5000, 5), false)
})

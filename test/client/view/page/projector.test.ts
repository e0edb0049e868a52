import t from 'tap'
import type { Painted } from '../../../../client/view/page/decoder/protocol.js'
import { Projector, resultOf } from '../../../../client/view/page/projector.js'
import type { OpenFilm } from '../../../../client/view/page/reel.js'
import { boot } from '../../bundle.js'
import { frameResult } from '../memory.js'

const film = (id: number, first: number): OpenFilm => ({
  ...{ ref: `street/${boot}/${first}`, id, results: new Map() },
  info: {
    ...{ camera: 'street', boot, width: 1, height: 1, faults: [] },
    frames: [0, 1, 2].map((i) => ({ seq: first + i, at: (first + i) * 1000 })),
  },
})

/** Two segments of three frames, a second each, ten seconds apart. */
function setUp() {
  const [a, b] = [film(1, 10), film(2, 20)]
  const drawn: string[] = []
  const waits: number[] = []
  const held: (() => void)[] = []
  const state = { hold: false, fails: undefined as Error | undefined }
  const projector: Projector = new Projector(
    {
      at: async (ms) => (ms <= 12_000 ? a : ms <= 22_000 ? b : undefined),
      after: async (of) => (of === a ? b : undefined),
      before: async (of) => (of === b ? a : undefined),
      close: () => {},
    },
    {
      frame: async (id, index) => {
        if (state.fails) throw state.fails
        if (state.hold) await new Promise<void>((go) => held.push(go))
        return { width: id, height: index } as Painted
      },
      draw: ({ width, height }) => drawn.push(`${width}/${height}`),
      changed: () => {},
      wait: async (ms) => void waits.push(ms),
    },
  )
  return { projector, drawn, waits, held, state, a }
}

t.test('to a time, by frames over the segments’ ends, and to where nothing is', async (t) => {
  const { projector, drawn } = setUp()
  await projector.seek(12_500)
  await projector.seek(12_000)
  await projector.seek(12_000)
  await projector.step(1)
  await projector.step(-1)
  await projector.jump(0)
  await projector.step(-1)
  t.equal(projector.showing.fault, 'Nothing was recorded just before.')
  t.strictSame(drawn, ['2/0', '1/2', '2/0', '1/2', '1/0'])
  await projector.seek(99_000)
  t.match(projector.showing, { shot: undefined, fault: /Nothing was recorded here/, busy: false })
  await projector.step(1)
  t.equal(drawn.length, 5)
})

t.test('it plays to the end at the speed that is chosen', async (t) => {
  const { projector, drawn, waits } = setUp()
  await projector.seek(10_000)
  projector.faster()
  await projector.play()
  t.strictSame(drawn, ['1/0', '1/1', '1/2', '2/0', '2/1', '2/2'])
  t.match(projector.showing, { playing: false, speed: 2, fault: /all that was recorded/ })
  t.ok(
    waits.every((ms) => ms <= 1000),
    'a gap of eight seconds is two, at twice the speed',
  )
})

t.test('it plays on from a step that is still under way, and from the one that waits behind it', async (t) => {
  const { projector, drawn, held, state } = setUp()
  await projector.seek(10_000)
  state.hold = true
  const stepped = projector.step(1)
  void projector.step(1)
  const played = projector.play()
  t.ok(projector.showing.playing)
  state.hold = false
  for (const go of held.splice(0)) go()
  await stepped
  await played
  t.strictSame(drawn, ['1/0', '1/1', '1/2', '2/0', '2/1', '2/2'])
})

t.test('a pause ends what plays, and nothing else', async (t) => {
  const { projector, drawn } = setUp()
  await projector.seek(10_000)
  const over = projector.play()
  projector.pause()
  await over
  t.match(projector.showing, { playing: false, fault: undefined })
  t.ok(drawn.length <= 2)
})

t.test('of a key that is held down the last step waits; a newer wish makes an older void', async (t) => {
  const { projector, drawn, held, state } = setUp()
  await projector.seek(10_000)
  state.hold = true
  const first = projector.step(1)
  for (let i = 0; i < 5; i++) void projector.step(1)
  held.shift()!()
  await new Promise(setImmediate)
  held.shift()!()
  await first
  t.strictSame(drawn, ['1/0', '1/1', '1/2'], 'six presses, of which four came too soon')
  const older = projector.seek(10_000)
  await new Promise(setImmediate)
  state.hold = false
  await projector.seek(21_000)
  held.shift()!()
  await older
  t.equal(drawn.at(-1), '2/1')
})

t.test('what goes wrong is a sentence, and ends the play', async (t) => {
  const { projector, state } = setUp()
  await projector.seek(10_000)
  state.fails = new Error('no bundle')
  await projector.play()
  t.match(projector.showing, { fault: 'no bundle', playing: false, busy: false })
})

t.test('an answer holds until the next', async (t) => {
  const { a } = setUp()
  t.equal(resultOf({ film: a, index: 2 }), undefined)
  a.results.set(11, frameResult(11))
  t.equal(resultOf({ film: a, index: 2 })?.seq, 11)
  t.equal(resultOf({ film: a, index: 0 }), undefined)
})

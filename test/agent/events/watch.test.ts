import t from 'tap'
import { EventRule } from '../../../agent/config/watch.js'
import { type Telling, Watch } from '../../../agent/events/watch.js'

/** Frames every `stepMs`, in which it is seen or not. */
function watching(rule: Partial<EventRule> = {}, stepMs = 100) {
  let ids = 0
  const watch = new Watch(EventRule.parse({ class: 'person', ...rule }), () => `e${++ids}`)
  const told: Telling[] = []
  let now = 0
  let frame = 0
  const see = (seen: boolean, ms: number, p = 0.9, share = 0.1) => {
    for (const end = now + ms; now < end; now += stepMs)
      told.push(...watch.see({ bootMs: now, ref: `c/b/${frame++}` }, { seen, p, share }))
  }
  const skip = (ms: number) => {
    now += ms
  }
  return { watch, told, see, skip, phases: () => told.map(({ id, phase }) => `${id} ${phase}`) }
}

t.test('it enters when it has been seen for so long, and leaves when it has not', async (t) => {
  const { watch, told, see, phases } = watching()
  see(false, 1000)
  see(true, 3000)
  t.strictSame(phases(), ['e1 start'])
  t.match(told[0], { class: 'person', zone: null, since: { bootMs: 1000, ref: 'c/b/10' }, until: { bootMs: 1500 } })
  see(false, 1500)
  t.ok(watch.occurrence, 'still there')
  see(false, 1500)
  t.strictSame(phases(), ['e1 start', 'e1 end'])
  t.match(told[1], { since: { bootMs: 1000 }, until: { bootMs: 3900, ref: 'c/b/39' }, peak: { p: 0.9, share: 0.1 } })
  t.equal(watch.occurrence, undefined)
  see(true, 1000)
  t.equal(phases().at(-1), 'e2 start', 'another one')
})

t.test('a frame that flickers makes no event and ends none, at any frame rate', async (t) => {
  for (const stepMs of [8, 33, 100, 1000, 10_000]) {
    const { phases, see } = watching({}, stepMs)
    for (let i = 0; i < 20; i++) {
      see(true, stepMs)
      see(false, stepMs * 3)
    }
    t.strictSame(phases(), [], `${stepMs} ms a frame: seen once`)
    see(true, Math.max(1000, stepMs * 2))
    for (let i = 0; i < 20; i++) {
      see(false, stepMs)
      see(true, stepMs * 3)
    }
    t.strictSame(
      phases().filter((phase) => !phase.endsWith('update')),
      ['e1 start'],
      `${stepMs} ms: missed once`,
    )
  }
})

t.test('what passes in a second and a half is an event from one frame a second on', async (t) => {
  for (const stepMs of [8, 33, 100, 500, 700]) {
    const { phases, see } = watching({}, stepMs)
    see(false, 5000)
    see(true, 1500)
    see(false, 10_000)
    t.strictSame(phases(), ['e1 start', 'e1 end'], `${stepMs} ms a frame`)
  }
})

t.test('0 seconds: at once', async (t) => {
  const { phases, see } = watching({ enterSeconds: 0, leaveSeconds: 0 })
  see(true, 100)
  t.strictSame(phases(), ['e1 start'])
  see(false, 100)
  t.strictSame(phases(), ['e1 start', 'e1 end'])
})

t.test('updates: a peak that is clearly higher, and every minute; never many', async (t) => {
  const { told, see, phases } = watching()
  see(true, 1000, 0.6, 0.01)
  see(true, 5000, 0.6, 0.012)
  t.strictSame(phases(), ['e1 start'], 'hardly more')
  see(true, 200, 0.6, 0.05)
  t.strictSame(phases(), ['e1 start', 'e1 update'])
  t.match(told[1]!.peak, { share: 0.05, p: 0.6, bootMs: 6000 })
  for (let i = 0; i < 100; i++) see(true, 100, 0.6, 0.05 * 1.6 ** (i / 20))
  t.ok(told.length <= 2 + 10_000 / 2000, `${told.length} in 10 s of growth`)
  const before = told.length
  see(true, 600_000, 0.6, 0.01)
  t.equal(told.length - before, 10, 'one a minute')
})

t.test(
  'where nobody looked for long, it ends as when it was seen last, and what is there then is another',
  async (t) => {
    const { told, see, skip, phases } = watching()
    see(true, 1000)
    skip(30_000)
    see(true, 1000)
    t.strictSame(phases(), ['e1 start'], 'half a minute')
    skip(600_000)
    see(true, 1000)
    t.strictSame(phases(), ['e1 start', 'e1 end', 'e2 start'])
    t.match(told[1], { reason: 'gap', until: { bootMs: 31_900 } })
    t.match(told[2], { since: { bootMs: 632_000 } })
  },
)

t.test('two frames far apart are no evidence of the time between', async (t) => {
  const { see, skip, phases } = watching()
  see(true, 100)
  skip(600_000)
  see(true, 100)
  t.strictSame(phases(), [])
})

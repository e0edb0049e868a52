import { PassThrough } from 'node:stream'
import t, { type Test } from 'tap'
import { TooBusy } from '../../../client/view/api/turns.js'
import { LiveViews, MOST_READERS } from '../../../client/view/live-views.js'
import { until } from '../../e2e/until.js'
import { MemorySource } from './memory.js'

const ann = { who: 'ann', address: '127.0.0.1' }
const street = new Set(['gate-1/street'])

function setUp(t: Test) {
  const source = new MemorySource()
  const logged: string[] = []
  let minute = 0
  const views = new LiveViews(
    source,
    (text) => logged.push(text),
    () => new Date(Date.UTC(2026, 4, 1, 8, minute++)),
  )
  t.teardown(() => views.stop())
  const begin = async (pictures: ReadonlySet<string> = street) => {
    const out = new PassThrough()
    let headed = false
    await views.begin(ann, pictures, out, () => {
      headed = true
    })
    return { out, headed }
  }
  return { source, views, logged, begin }
}

const line = { ...ann, what: 'live', dev: 'gate-1', from: '2026-05-01T08:00:00.000Z' }

t.test('a view is written down when it begins, and its end when the browser is gone', async (t) => {
  const { source, begin } = setUp(t)
  const { out } = await begin(new Set(['gate-1/street', 'gate-1/yard']))
  t.strictSame(
    source.audits,
    ['street', 'yard'].map((cam) => ({ ...line, cam, ts: line.from })),
  )
  t.equal(source.listeners.size, 1)
  out.destroy()
  await until('the ends', () => source.audits.length === 4)
  const to = '2026-05-01T08:01:00.000Z'
  t.strictSame(
    source.audits.slice(2),
    ['street', 'yard'].map((cam) => ({ ...line, cam, ts: to, to })),
  )
  t.equal(source.listeners.size, 0)
})

t.test('when the server ends so do the views, and all is written down before it is over', async (t) => {
  const { source, views, begin } = setUp(t)
  const { out } = await begin()
  await views.stop()
  t.match(source.audits, [{ cam: 'street' }, { cam: 'street', to: '2026-05-01T08:01:00.000Z' }])
  t.ok(out.writableEnded)
})

t.test('what cannot be written down is not shown', async (t) => {
  const { source, views, begin, logged } = setUp(t)
  source.refuses = new Error('the disk is full')
  await t.rejects(begin(), /the disk is full/)
  t.equal(source.listeners.size, 0)
  source.refuses = undefined
  const { headed } = await begin()
  t.ok(headed, 'and once it can be, it is')
  source.refuses = new Error('the disk is full')
  await views.stop()
  t.strictSame(logged, ['the end of a view could not be written down: the disk is full'])
})

t.test('one camera of several that cannot be written down: none is shown, and what was begun is ended', async (t) => {
  const { source, views, begin } = setUp(t)
  const { audit } = source
  source.audit = async (one) => {
    if (one.cam === 'yard') throw new Error('the disk is full')
    await audit(one)
  }
  await t.rejects(begin(new Set(['gate-1/street', 'gate-1/yard'])), /the disk is full/)
  await views.stop()
  t.match(source.audits, [{ cam: 'street' }, { cam: 'street', to: /T08:01/ }])
})

t.test('whoever is gone before it is written down sees nothing, and its end is written, too', async (t) => {
  const { source, views } = setUp(t)
  const { audit } = source
  let go = () => {}
  source.audit = async (one) => {
    if (one.to === undefined) await new Promise<void>((resolve) => (go = resolve))
    await audit(one)
  }
  const out = new PassThrough()
  const begun = views.begin(ann, street, out, () => t.fail('nobody is there'))
  out.destroy()
  await until('it is known', () => out.closed)
  go()
  await begun
  await views.stop()
  t.match(source.audits, [{ cam: 'street' }, { to: /T08:01/ }])
  t.equal(source.listeners.size, 0)
})

t.test('so many at once, and a place is free again after each', async (t) => {
  const { begin, source } = setUp(t)
  const first = await begin()
  for (let i = 1; i < MOST_READERS; i++) await begin(new Set())
  await t.rejects(begin(), new TooBusy('32 pages look at once, that is all: close one'))
  first.out.destroy()
  await until('it is gone', () => source.listeners.size === MOST_READERS - 1)
  source.refuses = new Error('the disk is full')
  await t.rejects(begin(), /full/)
  source.refuses = undefined
  t.ok((await begin()).headed, 'a refusal takes no place')
})

import t from 'tap'
import { cameraView, frameResult, storedEvent } from '../memory.js'
import { FakeSource, openDom, worker } from './dom.js'

t.test(
  'what comes live goes to the feed and to the decoder; a second watch takes the place of the first',
  async (t) => {
    await openDom(t)
    const { desk, feed, watchPictures } = await import('../../../../client/view/page/shared.js')
    const first = watchPictures([])
    const [one] = FakeSource.opened.slice(-1)
    t.equal(one.url, 'api/live')
    const leave = watchPictures(['gate-1/shared'])
    const [two] = FakeSource.opened.slice(-1)
    t.strictSame([one.closed, two.url], [true, 'api/live?pictures=gate-1%2Fshared'])
    first()
    t.notOk(two.closed)
    two.say('camera', { camera: cameraView({ cam: 'shared' }) })
    two.say('result', { result: frameResult(3, { cam: 'shared' }) })
    two.say('event', { event: storedEvent('shared') })
    t.ok(feed.list().some(({ cam }) => cam === 'shared'))
    t.equal(feed.latest('gate-1/shared')?.seq, 3)
    t.ok(feed.events.some(({ id }) => id === 'shared'))
    const bits = { dev: 'gate-1', cam: 'shared', records: Buffer.from([1, 2, 255]).toString('base64') }
    two.say('bits', bits)
    const unwatch = desk.watch('gate-1/shared', () => {})
    worker.told.length = 0
    two.say('bits', bits)
    t.strictSame(
      worker.told,
      [{ what: 'records', tile: 'gate-1/shared', bytes: Uint8Array.of(1, 2, 255) }],
      'only what is watched',
    )
    two.fail(0)
    t.match(feed.notice, /viewing server does not answer; trying again/)
    two.opens()
    t.equal(feed.notice, undefined)
    unwatch()
    leave()
    t.ok(two.closed)
  },
)

t.test('after an answer that is no stream it is opened anew, later each time, and the server says why', async (t) => {
  const dom = await openDom(t)
  const { feed, watchPictures } = await import('../../../../client/view/page/shared.js')
  const waits: { work(): void; ms: number; forgotten: boolean }[] = []
  const wait = (work: () => void, ms: number) => {
    const one = { work, ms, forgotten: false }
    waits.push(one)
    return () => {
      one.forgotten = true
    }
  }
  const before = FakeSource.opened.length
  const opened = () => FakeSource.opened.slice(before)
  const fail = () => dom.does(() => opened().at(-1)!.fail(2))
  const leave = watchPictures(['gate-1/shared'], wait)
  dom.answers.live = new Error('32 pages look at once, that is all: close one')
  await fail()
  t.equal(feed.notice, '32 pages look at once, that is all: close one; trying again. What is shown is from before.')
  t.equal(dom.asked.at(-1), 'api/live', 'for no pictures')
  dom.answers.live = new Error('no token: open the page and enter it')
  waits[0].work()
  await fail()
  t.match(feed.notice, /^no token: open the page and enter it; trying again/)
  for (let i = 1; i < 6; i++) {
    waits[i].work()
    await fail()
  }
  t.ok(
    waits.every(({ ms }, i) => ms >= Math.min(30_000, 2000 * 2 ** i) / 2 && ms <= 30_000),
    'the back-off',
  )
  waits[6].work()
  t.strictSame(
    opened().map(({ url }) => url),
    Array.from({ length: 8 }, () => 'api/live?pictures=gate-1%2Fshared'),
  )
  opened()[7].opens()
  t.equal(feed.notice, undefined)
  await fail()
  t.ok(waits[7].ms <= 2000, 'it begins anew')
  leave()
  t.ok(waits[7].forgotten)
  feed.hear({ kind: 'notice', text: undefined })
})

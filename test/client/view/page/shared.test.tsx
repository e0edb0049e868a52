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
    two.dispatchEvent(new Event('error'))
    t.match(feed.notice, /viewing server does not answer; trying again/)
    feed.hear({ kind: 'notice', text: undefined })
    unwatch()
    leave()
    t.ok(two.closed)
  },
)

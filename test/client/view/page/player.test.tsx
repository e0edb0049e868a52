import t from 'tap'
import { boot } from '../../bundle.js'
import { frameResult } from '../memory.js'
import { openDom, strokesOf, worker } from './dom.js'
import { filmOf } from './film-of.js'

const eight = Date.UTC(2026, 4, 1, 8)

t.test('a segment is fetched, opened and shown, frame by frame', async (t) => {
  const dom = await openDom(t)
  const { Player } = await import('../../../../client/view/page/player.js')
  const { info } = filmOf(1, 3)
  // The decoder, which only a browser has.
  const decode = (message: (typeof worker.told)[number]) => {
    if (message.what === 'film')
      queueMicrotask(() =>
        worker.say({ what: 'film', id: message.id, info: { ...info, faults: ['One frame is lost.'] } }),
      )
    if (message.what === 'frame')
      queueMicrotask(() =>
        worker.say({
          what: 'frame',
          ask: message.ask,
          painted: { width: 2, height: 1, rgba: new Uint8ClampedArray(8) },
        }),
      )
  }
  const { postMessage } = worker
  worker.postMessage = (message) => {
    postMessage(message)
    decode(message)
  }
  t.teardown(() => {
    worker.postMessage = postMessage
  })
  dom.answers['segments?'] = [
    { ref: `street/${boot}/0`, from: new Date(eight).toISOString(), to: new Date(eight + 2000).toISOString() },
  ]
  dom.answers['segment?'] = Uint8Array.of(1, 2, 3)
  dom.answers.results = { items: [frameResult(0, { tags: [{ id: 'car', label: 'car', p: 0.9, there: true }] })] }
  const shown: number[] = []
  const moved: number[] = []
  const player = (at: number) => (
    <Player
      {...{ dev: 'gate-1', cam: 'street', at, utc: true, mask: 'none' }}
      shown={(ms) => shown.push(ms - eight)}
      moved={(ms) => moved.push(ms - eight)}
    />
  )
  await dom.show(player(eight))
  await dom.does(() => {})
  t.equal(dom.one('canvas.picture').getAttribute('aria-label'), 'street at 08:00:00.0')
  t.match(dom.text('.about'), /gate-1\/street 2026-05-01 08:00:00\.0/)
  t.match(dom.text('.tags'), 'car 90 %')
  t.equal(dom.text('.trouble'), 'One frame is lost.')
  t.ok(strokesOf(dom.one('canvas.picture')).length > 0)
  await dom.key(document, 'ArrowRight')
  t.match(dom.text('.about time'), '08:00:01.0')
  await dom.key(document, 'End')
  await dom.click('One frame back')
  t.strictSame(shown, [0, 1000, 2000, 1000])
  t.strictSame(moved, [1000, 2000, 1000], 'the address names what was gone to')
  const asked = dom.asked.length
  await dom.show(player(eight + 1000))
  t.equal(dom.asked.length, asked, 'which is no wish to go there')
})

t.test('where nothing was recorded, and where it cannot be had, it says so', async (t) => {
  const dom = await openDom(t)
  const { Player } = await import('../../../../client/view/page/player.js')
  const props = { dev: 'gate-1', utc: true, mask: 'none', shown: () => {}, moved: () => {}, at: eight } as const
  dom.answers['segments?'] = []
  await dom.show(<Player {...props} cam="dark" />)
  await dom.does(() => {})
  t.equal(dom.text('.trouble'), 'Nothing was recorded here, nor in the six hours after.')
  t.equal(dom.one('canvas.picture').getAttribute('aria-label'), 'no picture yet')
  dom.answers['segments?'] = new Error('the box gate-1 is away')
  await dom.show(<Player {...props} key="2" cam="away" />)
  await dom.does(() => {})
  t.equal(dom.text('.trouble'), 'the box gate-1 is away')
})

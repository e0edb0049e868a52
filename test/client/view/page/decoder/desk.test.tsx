import t from 'tap'
import type { NoTile, TilePicture } from '../../../../../client/view/page/decoder/desk.js'
import { openDom, worker } from '../dom.js'
import { filmOf } from '../film-of.js'

t.test('each question finds its answer, or why there is none', async (t) => {
  await openDom(t)
  const { Desk } = await import('../../../../../client/view/page/decoder/desk.js')
  const desk = new Desk()
  worker.told.length = 0
  const [first, second] = [desk.open(Uint8Array.of(1)), desk.open(Uint8Array.of(2))]
  const [a, b] = worker.told.map((message) => (message.what === 'film' ? message.id : -1))
  const { info } = filmOf(1, 2)
  worker.say({ what: 'no-film', id: b, text: 'This segment is damaged.' })
  worker.say({ what: 'film', id: a, info })
  t.strictSame(await first, { id: a, info })
  await t.rejects(second, { message: 'This segment is damaged.' })
  const frames = [desk.frame(a, 0), desk.frame(a, 1)]
  const asks = worker.told.slice(2).map((message) => (message.what === 'frame' ? message.ask : -1))
  const painted = { width: 1, height: 1, rgba: new Uint8ClampedArray(4) }
  worker.say({ what: 'frame', ask: asks[1], painted })
  worker.say({ what: 'no-frame', ask: asks[0], text: 'open no more' })
  t.equal(await frames[1], painted)
  await t.rejects(frames[0], { message: 'open no more' })
  desk.close(a)
  t.strictSame(worker.told.at(-1), { what: 'close', id: a })
})

t.test('live pictures go to whoever watches, and to nobody after that', async (t) => {
  await openDom(t)
  const { Desk } = await import('../../../../../client/view/page/decoder/desk.js')
  const desk = new Desk()
  const heard: (TilePicture | NoTile)[] = []
  const leave = desk.watch('gate-1/desk', (message) => heard.push(message))
  const no = { what: 'no-tile', tile: 'gate-1/desk', text: 'no keyframe', key: true } as const
  worker.say(no)
  leave()
  worker.say(no)
  t.strictSame(heard, [no])
  t.strictSame(worker.told.at(-1), { what: 'forget', tile: 'gate-1/desk' })
})

t.test('a decoder that does not run fails all that waits, and says so', async (t) => {
  await openDom(t)
  const { Desk } = await import('../../../../../client/view/page/decoder/desk.js')
  const desk = new Desk()
  const waiting: Promise<unknown>[] = [desk.open(Uint8Array.of(1)), desk.frame(1, 0)]
  worker.dispatchEvent(Object.assign(new Event('error'), { message: 'no WebAssembly' }))
  for (const one of waiting) await t.rejects(one, { message: 'The decoder cannot run in this browser: no WebAssembly' })
})

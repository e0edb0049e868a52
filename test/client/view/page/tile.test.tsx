import t from 'tap'
import { boot } from '../../bundle.js'
import { cameraView, frameResult } from '../memory.js'
import { openDom, strokesOf, worker } from './dom.js'

const painted = { width: 2, height: 1, rgba: new Uint8ClampedArray(8) }
const seg = { w: 2, h: 1, classes: [{ id: 1, label: 'car', frac: 1 }], mask: { enc: 'rle' as const, data: [1, 2] } }
const picture = (tile: string) => ({ what: 'tile', tile, boot, seq: 3, at: Date.UTC(2026, 4, 1, 8), painted }) as const

t.test('a camera, live: its picture, the mask over it, what is there', async (t) => {
  const dom = await openDom(t)
  const { Tile } = await import('../../../../client/view/page/tile.js')
  const { feed } = await import('../../../../client/view/page/shared.js')
  const tags = [{ id: 'car', label: 'car', p: 0.9, there: true }]
  feed.hear({ kind: 'result', result: frameResult(3, { cam: 'tile', tags, seg }) })
  const present = [
    { id: 'e-1', class: 'vehicle', label: 'car', zone: 'yard', since: '2026-05-01T07:59:00.000Z', p: 1, share: 0.1 },
  ]
  const camera = cameraView({ cam: 'tile', present } as never)
  let opened = 0
  await dom.show(<Tile camera={camera} mask="things" utc={true} open={() => opened++} />)
  t.match(dom.text('.waiting'), 'waiting for a keyframe')
  t.match(dom.text('.present'), 'car in yard since 07:59:00')
  await dom.does(() => worker.say(picture('gate-1/tile')))
  t.strictSame(dom.all('.waiting'), [])
  t.equal(dom.text('time'), '08:00:00')
  t.match(dom.text('.tags'), 'car 90 %')
  const drawn = (which: string) => strokesOf(dom.one(which)).filter((stroke) => stroke.startsWith('put')).length
  t.strictSame([drawn('canvas.picture'), drawn('canvas.mask')], [1, 2])
  await dom.click('Look back at gate-1/tile')
  t.equal(opened, 1)
})

t.test('what is not well is said; a keyframe is asked for where one would help', async (t) => {
  const dom = await openDom(t)
  const { Tile } = await import('../../../../client/view/page/tile.js')
  dom.answers.keyframe = {}
  const show = (over: object) =>
    dom.show(<Tile camera={cameraView({ cam: 'ill', ...over })} mask="none" utc={true} open={() => {}} />)
  await show({})
  const no = { what: 'no-tile', tile: 'gate-1/ill' } as const
  await dom.does(() => worker.say({ ...no, text: 'follows nothing', key: true }))
  t.strictSame(dom.asked, ['POST api/keyframe?dev=gate-1&cam=ill'])
  t.strictSame(dom.all('.trouble'), [])
  await dom.does(() => worker.say({ ...no, text: 'no bundle abc', key: false }))
  t.equal(dom.text('.trouble'), 'no bundle abc')
  await dom.does(() => worker.say(picture('gate-1/ill')))
  t.strictSame(dom.all('.trouble'), [], 'it is well again')
  await show({ state: 'stalled', reason: 'no frames' })
  t.equal(dom.text('.trouble'), 'The camera is stalled: no frames.')
  await show({ box: 'offline', boxReason: 'lost' })
  t.match(dom.text('.trouble'), /box gate-1 is away \(lost\)/)
  t.ok(dom.one('li').classList.contains('away'))
})

t.test('without a broker it says that nothing comes live, and what was recorded last', async (t) => {
  const dom = await openDom(t)
  const { Tile } = await import('../../../../client/view/page/tile.js')
  const { feed } = await import('../../../../client/view/page/shared.js')
  t.teardown(() => feed.hear({ kind: 'notice', text: undefined }))
  feed.hear({ kind: 'notice', text: 'no connection to the broker' })
  const show = (over: object) =>
    dom.show(<Tile camera={cameraView({ cam: 'stored', ...over })} mask="none" utc={true} open={() => {}} />)
  await show({})
  t.equal(dom.text('.waiting'), 'nothing comes live')
  await show({ last: '2026-05-01T08:10:00.000Z', box: 'offline' })
  t.equal(dom.text('.waiting'), 'nothing comes live: look back to 2026-05-01 08:10:00')
})

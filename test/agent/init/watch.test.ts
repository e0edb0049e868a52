import t from 'tap'
import { askWatch } from '../../../agent/init/watch.js'
import { box, camera, Scripted } from './scripted.js'

t.test('what the bundle watches for, anywhere: nothing to write', async (t) => {
  const ask = new Scripted([
    ['What should be told', undefined],
    ['Where?', 'anywhere'],
  ])
  t.strictSame(await askWatch(ask, box(), camera), {})
})

t.test('other classes, none, or no bundle that names any', async (t) => {
  const cars = new Scripted([
    ['What should be told', ['car']],
    ['Where?', undefined],
  ])
  t.strictSame(await askWatch(cars, box(), camera), { events: [{ class: 'car' }] })
  t.strictSame(await askWatch(new Scripted([['What should be told', []]]), box(), camera), { events: [] })
  t.strictSame(await askWatch(new Scripted([]), box({ classes: [] }), camera), {})
})

t.test('zones: a preset, one of its own whose corners are right at last', async (t) => {
  const ask = new Scripted([
    ['What should be told', ['person']],
    ['Where?', 'left half'],
    ['Where else?', 'corners'],
    ['Left, top', '10 10'],
    ['Left, top', '1 1 2 2'],
    ['Left, top', '10 20 50 60'],
    ['Its name', 'left'],
    ['Its name', 'a b'],
    ['Its name', undefined],
    ['Where else?', undefined],
  ])
  const faultOf = (draft: object) => (JSON.stringify(draft).includes('0.02') ? 'crosses itself' : undefined)
  const { zones, events } = await askWatch(ask, box({ faultOf }), camera)
  t.match(zones, [
    { name: 'left' },
    {
      name: 'zone',
      polygon: [
        [0.1, 0.2],
        [0.5, 0.2],
        [0.5, 0.6],
        [0.1, 0.6],
      ],
    },
  ])
  t.strictSame(events, [
    { class: 'person', zone: 'left' },
    { class: 'person', zone: 'zone' },
  ])
  t.match(ask.refused.join('; '), /four numbers.*crosses itself; another zone.*use 1 to 64/)
})

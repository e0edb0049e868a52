import t from 'tap'
import { polygonFault } from '../../../agent/events/polygon.js'
import { PRESETS, readZone } from '../../../agent/init/zones.js'

t.test('presets are zones', async (t) => {
  for (const { name, polygon } of PRESETS) t.equal(polygonFault(polygon), undefined, name)
})

t.test('a rectangle, corners, with commas and percent signs', async (t) => {
  const rectangle = [
    [0.1, 0.2],
    [0.5, 0.2],
    [0.5, 0.6],
    [0.1, 0.6],
  ]
  t.strictSame(readZone('10 20 50 60'), rectangle)
  t.strictSame(readZone(' 10%  20% 50% 60%'), rectangle)
  t.strictSame(readZone('10, 20, 50, 60'), rectangle)
  t.strictSame(readZone('0,0 50,33.3, 100,100'), [
    [0, 0],
    [0.5, 0.333],
    [1, 1],
  ])
})

t.test('what is none says what to write', async (t) => {
  for (const [text, says] of [
    ['', /four numbers/],
    ['1 2 3', /four numbers/],
    ['50 20 10 60', /left is less/],
    ['10 20 50 160', /0 to 100/],
    ['-1 0 5 5', /0 to 100/],
    ['a b c d', /0 to 100/],
    ['10,20 30,40', /three corners/],
    ['10,20 30,40,50 60,70', /three corners/],
  ] as const)
    t.match(readZone(text), says, text)
})

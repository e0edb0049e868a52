import t from 'tap'
import { askDevice } from '../../../agent/init/device.js'
import { Scripted } from './scripted.js'

t.test('its own name, or the one that is made of the machine id', async (t) => {
  t.equal(await askDevice(new Scripted([['What is this box', undefined]])), undefined)
  t.equal(await askDevice(new Scripted([['What is this box', undefined]]), 'gate'), 'gate')
  const ask = new Scripted([
    ['What is this box', 'The Gate'],
    ['What is this box', 'the-gate'],
  ])
  t.equal(await askDevice(ask), 'the-gate')
  t.match(ask.refused, [/a-z 0-9/])
})

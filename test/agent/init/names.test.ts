import t from 'tap'
import { nameFrom } from '../../../agent/init/names.js'
import { idPattern } from '../../../contract/names.js'

t.test('names of what things are called', async (t) => {
  t.equal(nameFrom('HD Pro Webcam C920', [], 'camera'), 'hd-pro-webcam-c920')
  t.equal(nameFrom('???', [], 'camera'), 'camera')
  t.equal(nameFrom('gate', ['gate', 'gate-2'], 'camera'), 'gate-3')
  for (const text of ['-a-', 'ä'.repeat(90), 'x'.repeat(90), `${'x'.repeat(31)} y`])
    t.match(nameFrom(text, [], 'camera'), idPattern)
})

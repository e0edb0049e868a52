import t from 'tap'
import { progress } from '../../agent/facts.js'

const online = { id: 'street', state: 'online' }
const offline = { id: 'yard', state: 'offline', reason: 'connection refused' }
const disabled = { id: 'old', state: 'disabled' }

t.test('does this box see and understand anything?', async (t) => {
  t.match(progress('running', '', [online, disabled]), { ok: true, why: 'frames go through' })
  t.match(progress('running', '', [online, offline]), { ok: true, why: /not all: yard offline \(connection refused\)/ })
  t.match(progress('running', '', [offline]), { ok: false, why: /^no camera delivers frames: yard offline/ })
  t.match(progress('running', '', [disabled]), { ok: false, why: 'no camera is enabled' })
  t.match(progress('stuck', '', [online]), { ok: false, why: /^stuck/ })
  t.match(progress('starting', 'TensorRT builds', [offline]), { ok: false, why: 'starting: TensorRT builds' })
})

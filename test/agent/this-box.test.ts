import { join } from 'node:path'
import t from 'tap'
import { ThisBox } from '../../agent/this-box.js'
import { camera } from './init/scripted.js'

t.test('the real box: its bundle, its disk, what a configuration would say', async (t) => {
  const box = new ThisBox(join(t.testdir(), 'state'))
  t.equal(box.multiple, 16)
  t.ok(box.classes.some(({ id, watch }) => id === 'person' && watch))
  t.ok(box.freeBytes()! > 0)
  t.match(box.archive, { maxDays: 30 })
  t.equal(box.faultOf({ cameras: [camera] }), undefined)
  const crossed = [
    [0, 0],
    [1, 1],
    [1, 0],
    [0, 1],
  ] as const
  t.match(
    box.faultOf({ cameras: [{ ...camera, zones: [{ name: 'z', polygon: crossed }] }] }),
    /^cameras\.0\.zones.*cross/,
  )
  t.match(await box.probe({ source: 'ftp://x/' }), {
    ok: false,
    reason: /^cameras\.0\.source: expected rtsp/,
    login: false,
  })
  t.match(await box.probe({ source: '/no/such.mp4' }), { ok: false, reason: /no such file/ })
  await t.rejects(box.reach({ url: 'mqtt://127.0.0.1:9' }), /127\.0\.0\.1:9/)
})

import t from 'tap'
import { withoutSecrets } from '../../agent/address.js'

t.test('user name and password go, the rest stays', async (t) => {
  const cases = {
    'rtsp://admin:s3cret@10.0.0.5:554/stream?x=1': 'rtsp://10.0.0.5:554/stream?x=1',
    'rtsp://admin@cam.local/1': 'rtsp://cam.local/1',
    'rtsp://admin:p@ss@cam.local/1': 'rtsp://cam.local/1',
    'MQTTS://u:p@broker:8883': 'MQTTS://broker:8883',
    'mqtt+ws://u:p@broker': 'mqtt+ws://broker',
    'rtsp://cam.local/a@b': 'rtsp://cam.local/a@b',
    'http://cam.local?mail=a@b': 'http://cam.local?mail=a@b',
    '/dev/video0': '/dev/video0',
    '/videos/me@home.mp4': '/videos/me@home.mp4',
  }
  for (const [address, shown] of Object.entries(cases)) t.equal(withoutSecrets(address), shown)
})

t.test('every address in a text', async (t) => {
  t.equal(
    withoutSecrets('rtsp://a:b@one/x: refused; tried rtsp://c:d@two/y, mail me@home'),
    'rtsp://one/x: refused; tried rtsp://two/y, mail me@home',
  )
})

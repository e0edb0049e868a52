import { resolve } from 'node:path'
import t from 'tap'
import { readBroker, readSource } from '../../../agent/init/source.js'

t.test('a login is taken out of an address, whatever is in it', async (t) => {
  t.strictSame(readSource(' rtsp://admin:pa/ss#1@host.local/stream '), {
    source: 'rtsp://host.local/stream',
    username: 'admin',
    password: 'pa/ss#1',
  })
  t.strictSame(readSource('rtsp://a%40b:p%2540@h.local/x'), {
    source: 'rtsp://h.local/x',
    username: 'a@b',
    password: 'p%40',
  })
  t.strictSame(readSource('udp://@239.0.0.1:5000'), { source: 'udp://@239.0.0.1:5000' })
})

t.test('devices as they are, files by their whole path', async (t) => {
  t.strictSame(readSource('/dev/video7'), { source: '/dev/video7' })
  t.strictSame(readSource('package.json'), { source: resolve('package.json') })
})

t.test('what is wrong, without what is secret', async (t) => {
  t.match(readSource(''), /write an address/)
  t.match(readSource('10.0.0.5/stream'), /no such file here; an address begins with/)
  t.match(readSource('rtsp://a:sec@ret@c/d@e/f'), /two ways.*are asked for/)
  t.match(readSource('rtsp://a:%20x@host.local/'), /the password begins or ends/)
  t.notMatch(readSource('rtsp://a:sec@ret@c/d@e/f'), /sec/)
})

t.test('a broker, with and without its scheme', async (t) => {
  t.strictSame(readBroker('broker.local:1884'), { url: 'mqtt://broker.local:1884' })
  t.strictSame(readBroker('mqtts://u:p@b.local'), { url: 'mqtts://b.local', username: 'u', password: 'p' })
  t.match(readBroker('http://b'), /expected mqtt/)
  t.match(readBroker('mqtt://'), /expected mqtt|no host/)
})

import t from 'tap'
import {
  formatAddress,
  parseAddress,
  redactor,
  shownAddress,
  shownSource,
  withoutSecrets,
} from '../../agent/address.js'

t.test('a password as it is: taken apart, and encoded for programs', async (t) => {
  const passwords: [string, string][] = [
    ['plain', 'plain'],
    ['pa/ss', 'pa%2Fss'],
    ['p?w', 'p%3Fw'],
    ['p#w', 'p%23w'],
    ['12#3', '12%233'],
    ['p@ss', 'p%40ss'],
    ['a:b', 'a%3Ab'],
    ['p w', 'p%20w'],
    ['100%', '100%25'],
    ['50%zz', '50%25zz'],
    ["it's", 'it%27s'],
    ['пароль', encodeURIComponent('пароль')],
    ['a/b@c/d', 'a%2Fb%40c%2Fd'],
    ['p%40ss', 'p%40ss'],
  ]
  for (const [written, encoded] of passwords) {
    const address = parseAddress(`rtsp://admin:${written}@10.0.0.5:554/live/1`)
    t.equal(formatAddress(address), `rtsp://admin:${encoded}@10.0.0.5:554/live/1`, written)
    t.match(address, {
      username: 'admin',
      password: decodeURIComponent(encoded),
      host: '10.0.0.5:554',
      rest: '/live/1',
    })
    t.equal(shownAddress(address), 'rtsp://10.0.0.5:554/live/1')
    t.equal(withoutSecrets(`rtsp://admin:${written}@10.0.0.5:554/live/1`), 'rtsp://10.0.0.5:554/live/1')
  }
})

t.test('an @ that belongs to no login', async (t) => {
  for (const address of [
    'rtsp://cam/a@b',
    'http://cam.local?mail=a@b',
    'rtsp://10.0.0.5:554/a@b',
    'rtsp://[fe80::1]/a@b',
    'rtsp://[fe80::1]:554/a@b',
    'rtsp://cam.local/me@home.local',
    'rtsp://cam.local:554/a@',
    'udp://@239.0.0.1:5000',
  ])
    t.equal(formatAddress(parseAddress(address)), address)
})

t.test('two readings: the character is named, the password is not', async (t) => {
  for (const address of ['rtsp://admin:12/3@host/x', 'rtsp://u:p@ss/w@host/x', 'rtsp://u:12?3@cam/1']) {
    t.throws(() => parseAddress(address), /%2F|%3F/)
    t.throws(() => parseAddress(address), { message: /^(?!.*12)/ })
    t.equal(withoutSecrets(address).includes('@'), false)
  }
  for (const address of [
    'rtsp://john.doe:1234/Geheim@127.0.0.1/stream',
    'mqtt://john.doe:1234/Geheim@broker.local',
    'rtsp://admin:p@ss.w/Geheim@127.0.0.1/stream',
    'rtsp://admin:p@1.2.3.4/Geheim@127.0.0.1/stream',
    'rtsp://admin:p/x@ss.w/Geheim@127.0.0.1/stream',
    'rtsp://admin:p/x@ss.w/Geheim@cam/stream',
    'rtsp://admin:p/x@localhost/Geheim@cam/stream',
    'rtsp://localhost:1234/Geheim@cam/stream',
    'rtsp://admin:1234/Geheim@cam:port/stream',
    'rtsp://admin:p/x@ss/Geheim@cam:port/stream',
    'rtsp://admin@cam.local/Geheim@cam/stream',
  ]) {
    t.throws(() => parseAddress(address), { message: /two ways: a \/ .*%2F.*%40/ }, address)
    t.notMatch(withoutSecrets(address), 'Geheim')
    t.notMatch(withoutSecrets(`at ${address}: refused`), 'Geheim')
  }
  for (const address of ['rtsp://', 'rtsp://u:p@', 'rtsp://u:p@/x', 'no address'])
    t.throws(() => parseAddress(address), { name: 'AddressError' }, address)
})

t.test('what others may see', async (t) => {
  const cases = {
    'rtsp://admin@cam.local/1': 'rtsp://cam.local/1',
    'MQTTS://u:p@broker:8883': 'mqtts://broker:8883',
    'http://10.0.0.9/mjpg?user=a&password=b': 'http://10.0.0.9/mjpg?…',
    'rtsp://192.168.1.10:554/user=admin_password=secret_channel=1': 'rtsp://192.168.1.10:554/…',
    'srt://h:1?passphrase=abcdefghij': 'srt://h:1?…',
    'rtmp://h/live/KEY': 'rtmp://h/live/…',
    'rtsp://u:p@[fe80::1]:554/x': 'rtsp://[fe80::1]:554/x',
    '/dev/video0': '/dev/video0',
    '/videos/me@home.mp4': '/videos/me@home.mp4',
    'rtsp://a:b@one/x: refused; tried rtsp://c:d@two/y, mail me@home':
      'rtsp://one/x: refused; tried rtsp://two/y, mail me@home',
  }
  for (const [text, shown] of Object.entries(cases)) t.equal(withoutSecrets(text), shown)
})

t.test("a program's own words about an address", async (t) => {
  const clean = redactor('rtsp://u:pass%2Fword@cam/1?token=abcd')
  const said =
    "Impossible to open 'rtsp://u:pass%2Fword@cam/1?token=abcd': pass/word, u:pass/word@, abcd, tcp://cam:554?timeout=0"
  t.equal(clean(said), "Impossible to open 'rtsp://cam/1?…': …, , …, tcp://cam:554?…")
  t.notMatch(redactor('rtmp://h/live/SECRETKEY')('Server error: SECRETKEY is unknown'), /SECRETKEY/)
})

t.test('what was meant to be an address: all before the last @ goes', async (t) => {
  for (const source of [
    'admin:Geheim@cam/1',
    'rtsp:/admin:Geheim@cam/1',
    ' rtsp://admin:Geheim@cam/1',
    '/admin:Geheim@cam/1',
    'admin:Ge heim@cam/1',
    'admin:Geheim@x@cam/1',
  ]) {
    t.equal(shownSource(source), '…@cam/1', source)
    t.equal(redactor(source)(`${source}: no such file`), '…@cam/1: no such file', source)
    if (!source.includes('Ge heim')) t.notMatch(withoutSecrets(`it says ${source}: no such file`), 'heim', source)
  }
  t.equal(shownSource('rtsp://admin:Ge heim/x@cam/y@z?w'), 'rtsp://z?…')
  for (const source of [
    '/videos/me@home.mp4',
    './me@home.mp4',
    '/dev/v4l/by-id/usb-1:1.0',
    'file:///videos/me@home.mp4',
  ])
    t.equal(shownSource(source), source)
})

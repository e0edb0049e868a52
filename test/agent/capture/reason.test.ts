import t from 'tap'
import { reasonOf } from '../../../agent/capture/reason.js'

const exited = new Error('ffmpeg exited with code 1')
const say = (...lines: string[]) => reasonOf('rtsp://u:p@cam/1', exited, lines)

t.test('the same fault in the same words, without pointers', async (t) => {
  const line = (pointer: string) => `[rtsp @ 0x${pointer}] [error] method DESCRIBE failed: 401 Unauthorized`
  t.strictSame(say(line('55d0c0')), say(line('7fa112')))
  t.match(say(line('55d0c0')), { fault: 'login', reason: /refuses the user name or password/ })
  t.match(say('[whatever @ 0x55d0] [error] something at 0x77 that nobody knows'), {
    reason: 'something at that nobody knows',
  })
})

t.test('the cause, not what ffmpeg says last', async (t) => {
  const cases: [string, RegExp][] = [
    ['[tcp @ 0x1] [error] Connection to tcp://cam:554?timeout=0 failed: Connection refused', /connection refused/],
    ['[rtsp @ 0x1] [error] method SETUP failed: 461 Unsupported Transport', /transport: auto/],
    ['[rtsp @ 0x1] [error] method DESCRIBE failed: 404 Not Found', /404/],
    ['[https @ 0x1] [error] HTTP error 503 Service Unavailable', /503/],
    ["[hls @ 0x1] [error] Protocol 'file' not on whitelist 'http,tls'!", /may not lead to/],
    ['[tcp @ 0x1] [error] Failed to resolve hostname cam: Name or service not known', /host name/],
    ['[error] Output file #0 does not contain any stream', /no video/],
    ['[in#0/h264 @ 0x1] [error] Task finished with error code: -1 (Operation not permitted)', /^the stream ended$/],
    ['[in#0 @ 0x1] [error] Error opening input: Permission denied', /^permission denied$/],
  ]
  for (const [line, reason] of cases) t.match(say(line, '[error] cam: Input/output error').reason, reason)
})

t.test('an answer of http that sends it on to a file', (t) => {
  const lines = ['[error] http://cam:8080/a.mjpg: Invalid argument']
  t.match(reasonOf('http://cam:8080/a.mjpg', exited, lines), { reason: /may not lead to/ })
  t.match(reasonOf('/dev/video0', exited, ['[error] /dev/video0: Invalid argument']), {
    reason: /does not offer this size/,
  })
  t.end()
})

t.test("what an address or a path reads like is no server's answer", async (t) => {
  const cases: [string, string, RegExp][] = [
    [
      'rtsp://u:p@cam:554/Streaming/Channels/401',
      '[error] rtsp://cam:554/Streaming/Channels/401: Connection reset by peer',
      /closed the connection/,
    ],
    [
      'rtsp://u:p@cam/Streaming/Channels/401',
      "[concat @ 0x1] [error] Impossible to open 'rtsp://u:p@cam/Streaming/Channels/401': End of file",
      /closed the connection/,
    ],
    [
      'http://cam:4610/x',
      '[tcp @ 0x1] [error] Connection to tcp://cam:4610?timeout=0 failed: Connection refused',
      /connection refused/,
    ],
    ['http://cam/403/500', '[error] http://cam/403/500: Input/output error', /input.output/],
    [
      'rtsp://forbidden.local/1',
      '[tcp @ 0x1] [error] Failed to resolve hostname forbidden.local: System error',
      /host name/,
    ],
    [
      '/videos/unauthorized 404.mp4',
      '[error] file:/videos/unauthorized 404.mp4: Permission denied',
      /permission denied/,
    ],
    ['/dev/video0', '[video4linux2,v4l2 @ 0x1] [error] ioctl(VIDIOC_STREAMON): 401 Device or resource busy', /in use/],
    ['rtsp://cam/1', '[rtsp @ 0x1] [error] Invalid data, 461 bytes of 401 left', /no video/],
    ['http://cam/404', '[error] http://cam/404: Server returned 403 Forbidden (access denied)', /403/],
    ['http://cam/404', '[error] http://cam/404: Server returned 5XX Server Error reply', /5xx/],
    ['rtsp://u:p@cam/404', '[rtsp @ 0x1] [error] method DESCRIBE failed: 401 Unauthorized', /refuses the user name/],
    ['rtsp://cam/1', '[rtsp @ 0x1] [error] method SETUP failed: 461 Client Error', /transport: auto/],
    ['rtsp://cam/1', '[rtsp @ 0x1] [error] method PLAY failed: 453 Not Enough Bandwidth', /453/],
  ]
  for (const [source, line, reason] of cases) t.match(reasonOf(source, exited, [line]).reason, reason, line)
})

t.test('killed, and not there', async (t) => {
  t.match(reasonOf('x', new Error('ffmpeg was killed with signal SIGKILL'), []).reason, /SIGKILL.*memory/)
  t.match(reasonOf('x', new Error('spawn ffmpeg ENOENT'), []).reason, /apt-get install ffmpeg/)
  t.equal(reasonOf('x', exited, ['[info] all is well']).reason, 'ffmpeg failed')
})

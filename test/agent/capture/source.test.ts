import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { faultOf, isStill, isText, kindOf, pathOf } from '../../../agent/capture/source.js'

t.test('by scheme, and by what lies there', async (t) => {
  const dir = t.testdir({ 'a.sdp': 'v=0' })
  const kinds = {
    'rtsp://c/1': 'rtsp',
    'RTSPS://c/1': 'rtsp',
    'https://c/1': 'http',
    'rtmp://c/a/k': 'rtmp',
    'srt://c:1': 'srt',
    'udp://@239.0.0.1:5000': 'udp',
    'rtp://c:1': 'rtp',
    '/dev/video97': 'v4l2',
    '/dev/null': 'v4l2',
    '/dev/shm/x.mp4': 'file',
    '/media/rtsp.mp4': 'file',
    [`${dir}/a.sdp`]: 'sdp',
    'file:///media/a%20b.mp4': 'file',
    'gst:videotestsrc ! queue': 'gst',
  }
  for (const [source, kind] of Object.entries(kinds)) t.equal(kindOf(source), kind, source)
  t.equal(pathOf('file:///media/a%20b.mp4'), '/media/a b.mp4')
})

t.test('what it says of what is no video', async (t) => {
  const dir = t.testdir({
    empty: '',
    text: 'hello\n',
    jpg: Buffer.from('ffd8ffe0', 'hex'),
    'x.mjpeg': Buffer.from('ffd8ffe0', 'hex'),
  })
  execFileSync('mkfifo', [join(dir, 'pipe')])
  t.match(faultOf(dir), /directory/)
  t.match(faultOf(join(dir, 'empty')), /empty/)
  t.match(faultOf(join(dir, 'pipe')), /named pipe/)
  t.match(faultOf(join(dir, 'none')), /no such file/)
  t.match(faultOf('/dev/video97'), /no such device/)
  t.equal(faultOf(join(dir, 'text')), undefined)
  t.ok(isText(join(dir, 'text')))
  t.ok(isStill(join(dir, 'jpg')))
  t.notOk(isStill(join(dir, 'x.mjpeg')))
})

import { spawnSync } from 'node:child_process'
import t from 'tap'
import { inputOf, outputOf, rateLimit } from '../../../agent/capture/arguments.js'
import { clip } from '../../e2e/setting.js'

const source = { source: 'rtsp://cam/1', width: 448, height: 256, fps: 10, loop: true, pace: 'realtime' } as const
const input = (more: object) => {
  const { options, url, script } = inputOf({ ...source, ...more })
  return { args: [...options, '-i', url].join(' '), script }
}

t.test('an address without secrets is an argument; one with secrets is told on a pipe', async (t) => {
  t.match(input({}).args, /-rtsp_transport tcp .*-i rtsp:\/\/cam\/1$/)
  t.match(input({ transport: 'auto' }).args, /-rtsp_flags prefer_tcp/)
  for (const address of [
    'rtsp://u:s3cret@cam/1',
    'http://cam/v?token=s3cret',
    'rtmp://cam/live/s3cret',
    'srt://cam:1?passphrase=s3cret',
  ]) {
    const { args, script } = input({ source: address, transport: 'udp' })
    t.notMatch(args, /s3cret/)
    t.match(args, /-f concat .*-i pipe:0$/)
    t.match(script, new RegExp(`^ffconcat version 1.0\nfile '${address.replace('?', '\\?')}'\n`))
    if (address.startsWith('rtsp')) t.match(script, /option rtsp_transport 'udp'/)
  }
})

t.test('a playlist that somebody else wrote reaches no file', async (t) => {
  for (const address of ['http://cam/a.m3u8', 'rtsp://cam/1', 'rtmp://cam/a', 'srt://cam:1', 'udp://:5000'])
    t.notMatch(/-protocol_whitelist (\S+)/.exec(input({ source: address }).args)![1], /\bfile\b/)
})

t.test('a video device', async (t) => {
  const device = { source: '/dev/video97', inputFormat: 'mjpeg', inputSize: '1280x720' }
  t.match(input(device).args, /-f v4l2 -input_format mjpeg -video_size 1280x720 -framerate 10 -i \/dev\/video97$/)
  t.match(input({ ...device, fps: 0.05 }).args, /-framerate 1 /)
})

t.test('ffmpeg never makes frames up, and holds none back', async (t) => {
  const args = outputOf(source).join(' ')
  t.match(args, /-vsync passthrough/)
  t.match(args, /-threads 1 -flush_packets 1/)
  t.notMatch(args, /fps=/)
})

t.test('what is not decoded, and where the rest is', async (t) => {
  t.notMatch(input({}).args, /hwaccel|skip_frame/)
  t.notMatch(input({ decode: { hwaccel: 'none', skip: 'none' } }).args, /hwaccel|skip_frame/)
  for (const address of ['rtsp://cam/1', 'rtsp://u:s3cret@cam/1', '/dev/video97', '/clip.mp4'])
    t.match(
      input({ source: address, decode: { hwaccel: 'vaapi', skip: 'nonref' } }).args,
      /^-hwaccel vaapi -skip_frame noref .*-i /,
    )
  t.match(input({ decode: { hwaccel: 'none', skip: 'nokey' } }).args, /-skip_frame nokey/)
})

t.test("a file's frames come at the rate asked for on average, whatever the file's own", (t) => {
  for (const [fps, count] of [
    [5, 11],
    [10, 21],
    [30, 26],
  ] as const) {
    const args = ['-hide_banner', '-t', '2.05', '-i', clip, '-vf', `${rateLimit(fps, false)},showinfo`]
    const { stderr } = spawnSync('ffmpeg', [...args, '-vsync', 'passthrough', '-f', 'null', '-'], { encoding: 'utf8' })
    t.equal([...stderr.matchAll(/pts_time:/g)].length, count, `${fps} of 12.5`)
  }
  t.end()
})

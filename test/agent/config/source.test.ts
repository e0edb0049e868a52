import { join } from 'node:path'
import t from 'tap'
import { parseConfig } from '../../../agent/config/load.js'
import { wrongSource } from '../../../agent/config/source.js'

t.test('what can be one', async (t) => {
  const dir = t.testdir({ 'me@home.mp4': '', '10:30.mp4': '' })
  for (const source of [
    'rtsp://u:p@cam/1',
    'HTTPS://cam/1',
    'udp://@239.0.0.1:5000',
    'file:///videos/a%20b.mp4',
    'file:/videos/a.mp4',
    '/dev/video0',
    '/dev/v4l/by-id/usb-cam_1:1.0-index0',
    'video.mp4',
    '/not/there/yet/me@home.mp4',
    '/not/there/yet/10:30.mp4',
    './10:30.mp4',
    join(dir, 'me@home.mp4'),
    join(dir, '10:30.mp4'),
  ])
    t.equal(wrongSource(source), undefined, source)
})

t.test('what is meant to be an address and is none: what to write instead, and nothing of it', async (t) => {
  const sources: [string, RegExp][] = [
    ['admin:Geheim123@192.168.1.10/stream', /rtsp:\/\//],
    ['192.168.1.10:554/stream', /colon.*rtsp:\/\//],
    ['//admin:Geheim123@192.168.1.10/stream', /@.*rtsp:\/\//],
    ['/admin:Geheim123@192.168.1.10/stream', /@.*rtsp:\/\//],
    ['rtsp:/admin:Geheim123@192.168.1.10/stream', /two slashes/],
    ['rtsp:admin:Geheim123@192.168.1.10/stream', /two slashes/],
    ['rtsp;//admin:Geheim123@192.168.1.10/stream', /two slashes/],
    ['rtsp:/192.168.1.10/Geheim123', /two slashes/],
    ['admin@cam/1', /@/],
    [' rtsp://admin:Geheim123@192.168.1.10/stream', /blank/],
    ['rtsp://admin:Geheim123@192.168.1.10/stream\u00a0', /blank/],
    ['ftp://admin:Geheim123@192.168.1.10/stream', /expected rtsp/],
    ['rtsp://', /expected rtsp/],
    ['file://video.mp4', /three slashes/],
    ['file://admin:Geheim123@host/video.mp4', /three slashes/],
    ['file:video.mp4', /colon/],
    ['file:///videos/a%2Fb.mp4', /three slashes/],
    ['file:///videos/100%.mp4', /%25/],
    ['file:///videos/%E0%A4%A.mp4', /%25/],
    ['file:///videos/a%00b.mp4', /control/],
    ['file:///videos/a#1.mp4', /%23/],
    ['file:///videos/a?.mp4#', /%3F/],
    ['rtsp://127.0.0.1:99999/stream', /1 to 65535/],
    ['rtsp://u:Geheim123@127.0.0.1:0/stream', /1 to 65535/],
    ['rtp://:65536', /1 to 65535/],
    ['gst:rtspsrc location=rtsp://u:Geheim123@c/1 !', /between two elements/],
  ]
  t.teardown(() => delete process.env.CAM_URL)
  for (const [source, words] of sources) {
    process.env.CAM_URL = source
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the configuration's
    for (const written of [source, '${CAM_URL}'])
      try {
        parseConfig(JSON.stringify({ cameras: [{ id: 'a', source: written }] }), 'box.yaml')
        t.fail(source)
      } catch (error) {
        t.match(error, { exitCode: 78, message: /^box\.yaml:1: cameras\.0\.source: / })
        t.match(error, { message: words }, source)
        t.notMatch(String(error), 'Geheim')
      }
  }
})

import { Writable } from 'node:stream'
import t from 'tap'
import { startGrabber } from '../../../agent/capture/grabber.js'

t.test('each kind of source by its program', async (t) => {
  const reason = (source: string) =>
    new Promise<string>((resolve) => {
      const sink = new Writable({ write: (_chunk, _encoding, done) => done() })
      startGrabber({ source, width: 16, height: 16, fps: 1, loop: false, pace: 'realtime' }, sink, resolve)
    })
  t.match(await reason('gst:nosuchelement'), /GStreamer has no element nosuchelement/)
  t.match(await reason('/no/such.mp4'), /no such file/)
})

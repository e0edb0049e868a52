/** Real GStreamer and its test pictures. */
import { execFileSync } from 'node:child_process'
import { Writable } from 'node:stream'
import t, { type Test } from 'tap'
import { Camera, type CapturedFrame } from '../../../agent/capture/camera.js'
import { argumentsOf, reasonOf, startGstreamer } from '../../../agent/capture/gstreamer.js'
import { Clock } from '../../../agent/clock.js'
import { Camera as Schema } from '../../../agent/config/schema.js'
import { silentLog } from '../../../agent/log.js'
import { Backoff } from '../../../contract/backoff.js'
import { until } from '../../e2e/until.js'
import { tool } from '../../tool.js'

tool('gst-launch-1.0')
const config = (source: string, more: object = {}) =>
  Schema.parse({ id: 'a', source, width: 64, height: 32, fps: 10, stallSeconds: 600, ...more })

function capture(t: Test, source: string, more: object = {}) {
  const frames: CapturedFrame[] = []
  const states: string[] = []
  const camera: Camera = new Camera(
    config(source, more),
    silentLog,
    {
      frameReady() {
        const frame = camera.slot.take()
        if (frame) frames.push(frame)
      },
      stateChanged: ({ state: { state, reason } }) => states.push(reason ? `${state}: ${reason}` : state),
    },
    new Clock(),
    new Backoff(20, 100),
  )
  t.teardown(() => camera.stop())
  camera.start()
  return { camera, frames, states }
}

/** Of this process's children. */
const running = () =>
  execFileSync('ps', ['--ppid', String(process.pid), '-o', 'stat=,args='])
    .toString()
    .split('\n')
    .filter((line) => /^[^Z].*gst-launch/.test(line))

/** The pixel at x, y. */
const pixel = ({ rgb, cam }: CapturedFrame, x: number, y: number) => [
  ...rgb.slice(3 * (y * cam.width + x), 3 * (y * cam.width + x) + 3),
]

t.test('frames of the right size and colour, started again when they end, and nothing left behind', async (t) => {
  const { camera, frames, states } = capture(t, 'gst:videotestsrc num-buffers=4 pattern=red')
  await until('the stream once more', () => states.filter((state) => state === 'online').length >= 2)
  t.equal(frames[0]!.rgb.length, 64 * 32 * 3)
  const [r, g, b] = pixel(frames[0]!, 30, 15)
  t.ok(r! > 240 && g! < 15 && b! < 15, `${r} ${g} ${b}`)
  t.ok(states.includes('offline: the stream ended'))
  await camera.stop()
  t.strictSame(running(), [])
})

t.test('live: its processor time, no stall while it comes, an end when it is asked for', async (t) => {
  const { camera, frames, states } = capture(
    t,
    'gst:videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=30/1',
  )
  await until('frames', () => frames.length >= 5)
  const { captureCpuMs } = { captureCpuMs: camera.captureCpuMs() }
  t.ok(captureCpuMs! >= 0)
  const [first, last] = [frames[0]!, frames[4]!]
  t.ok(Number(last.monoNs - first.monoNs) / 1e6 > 200, 'ten a second of thirty')
  t.strictSame(states, ['online'])
  await camera.stop()
  t.equal(states.at(-1), 'offline: the agent stopped')
  t.strictSame(running(), [])
})

t.test('shape: crop cuts, pad adds bars, stretch does neither', async (t) => {
  // Four times as wide as high, coloured bars; and a picture of half that shape is made of it.
  const source = 'gst:videotestsrc num-buffers=1 pattern=white ! video/x-raw,width=256,height=64'
  const first = async (fit: string) => {
    const { camera, frames } = capture(t, source, { fit })
    await until('a frame', () => frames.length > 0)
    await camera.stop()
    return frames[0]!
  }
  t.ok(pixel(await first('crop'), 32, 0)[0]! > 200)
  t.ok(pixel(await first('stretch'), 32, 0)[0]! > 200)
  const padded = await first('pad')
  t.ok(pixel(padded, 32, 0)[0]! < 50 && pixel(padded, 32, 16)[0]! > 200, 'bars above and below')
})

t.test('what is wrong with a pipeline, in words', async (t) => {
  const reason = (source: string) =>
    new Promise<string>((resolve) => {
      const sink = new Writable({ write: (_chunk, _encoding, done) => done() })
      startGstreamer(config(source), sink, resolve)
    })
  t.match(await reason('gst:nvnosuchsrc'), /no element nvnosuchsrc: sudo apt-get install nvidia-l4t-gstreamer/)
  t.match(
    await reason('gst:v4l2src device=/dev/video98'),
    /V4l2Src.*Cannot identify device.*\(no such file or directory\)/,
  )
  t.match(await reason('gst:videotestsrc ! audioconvert'), /not right: could not link/)
  const before = process.env.PATH
  process.env.PATH = '/nowhere'
  const missing = reason('gst:videotestsrc')
  process.env.PATH = before
  t.match(await missing, /not installed: sudo apt-get install gstreamer1\.0-tools/)
})

t.test('a stop while nothing comes, and twice', async (t) => {
  const sink = new Writable({ write: (_chunk, _encoding, done) => done() })
  const grabber = startGstreamer(config('gst:videotestsrc is-live=true ! valve drop=true'), sink, () => {})
  await grabber.stop()
  await grabber.stop()
  t.strictSame(running(), [])
})

t.test('its arguments: one word each, whatever stands in them', async (t) => {
  const args = argumentsOf(config('gst:filesrc location="/a b;rm -rf $HOME" ! decodebin', { fps: 0.5, fit: 'pad' }))
  t.strictSame(args.slice(0, 5), ['-q', 'filesrc', 'location=/a b;rm -rf $HOME', '!', 'decodebin'])
  t.ok(args.includes('video/x-raw,framerate=[0/1,500/1000]') && args.includes('add-borders=true'))
  t.notOk(args.includes('aspectratiocrop'))
  t.strictSame(args.slice(-3), ['fdsink', 'fd=3', 'sync=false'])
})

t.test('what it ended with', async (t) => {
  t.equal(reasonOf(0, null, []), 'the stream ended')
  t.match(reasonOf(null, 'SIGKILL', []), /was killed \(SIGKILL; out of memory\?\)/)
  t.match(reasonOf(1, null, ['WARNING: erroneous pipeline: no element "what"']), /gst-inspect-1\.0/)
  t.equal(
    reasonOf(1, null, ['ERROR: from element /GstPipeline:p/GstRTSPSrc:src0: Unauthorized']),
    'GstRTSPSrc:src: Unauthorized',
  )
  t.equal(reasonOf(1, null, []), 'gst-launch-1.0 failed')
})

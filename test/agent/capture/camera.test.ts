/** Real ffmpeg on the project's clip. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Camera, type CapturedFrame } from '../../../agent/capture/camera.js'
import { SLOT_FRAMES } from '../../../agent/capture/slot.js'
import { Clock } from '../../../agent/clock.js'
import { Camera as Schema } from '../../../agent/config/schema.js'
import { silentLog } from '../../../agent/log.js'
import { Backoff } from '../../../contract/backoff.js'
import { until } from '../../e2e/until.js'
import { startRtspServer } from '../../field/rtsp-server.js'
import { ffmpegs } from './processes.js'

const clip = join(import.meta.dirname, '..', '..', '..', 'config', 'demo', 'street.mp4')

const clock = new Clock()

function capture(t: Test, config: object, ready?: () => void) {
  const frames: CapturedFrame[] = []
  const states: string[] = []
  const seen = { finished: 0 }
  const camera: Camera = new Camera(
    // However slow the machine: what is not meant to stall does not.
    Schema.parse({ id: 'a', source: clip, width: 64, height: 48, fps: 10, stallSeconds: 600, ...config }),
    silentLog,
    {
      frameReady:
        ready ??
        (() => {
          const frame = camera.slot.take()
          if (frame) frames.push(frame)
        }),
      stateChanged: ({ state: { state, reason } }) => states.push(reason ? `${state}: ${reason}` : state),
      finished: () => seen.finished++,
    },
    clock,
    new Backoff(20, 100),
  )
  t.teardown(() => camera.stop())
  camera.start()
  return { camera, frames, states, seen }
}

t.test('a file in real time: frames of the right size, no faster than asked for', async (t) => {
  const started = process.hrtime.bigint()
  const { camera, frames, states } = capture(t, {})
  await until('frames', () => frames.length >= 15)
  const [first, last] = [frames[0]!, frames[14]!]
  t.equal(first.rgb.length, 64 * 48 * 3)
  t.ok(new Set(first.rgb).size > 20, 'a picture, not a blank')
  const ms = Number(last.monoNs - started) / 1e6
  t.ok(ms > 1300, `the fifteenth frame after ${Math.round(ms)} ms at 10 frames a second`)
  t.strictSame(states, ['online'])
  await camera.stop()
  t.strictSame(ffmpegs(), [], 'ffmpeg is gone')
  t.equal(states.at(-1), 'offline: the agent stopped')
})

t.test('a file at full pace ends once, with every frame', async (t) => {
  const { frames, seen, camera } = capture(t, { pace: 'fast', loop: false, fps: 2 })
  await until('the end', () => seen.finished > 0)
  const counted = execFileSync('ffprobe', ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', clip])
  const expected = Number(counted.toString()) * 2
  t.ok(Math.abs(frames.length - expected) <= 1, `${frames.length} frames, ${expected} expected`)
  t.match(camera.state, { state: 'offline', reason: 'the stream ended' })
  t.equal(camera.dropped, 0)
})

t.test('a loop goes on after the end', async (t) => {
  const dir = t.testdir()
  const short = join(dir, 'short.mp4')
  execFileSync('ffmpeg', ['-v', 'error', '-t', '0.5', '-i', clip, '-c', 'copy', short])
  const { frames, states } = capture(t, { source: short, fps: 20 })
  await until('more frames than the file has', () => frames.length >= 40)
  t.strictSame(states, ['online'])
})

t.test('what is not there yet is tried again', async (t) => {
  const source = join(t.testdir(), 'later.mp4')
  const { frames, states } = capture(t, { source })
  await until('an attempt in vain', () => states.length > 0)
  t.match(states[0], /^offline: .*later\.mp4: no such file/)
  copyFileSync(clip, source)
  await until('frames', () => frames.length >= 3)
  t.equal(states.at(-1), 'online')
})

t.test('a file that is no video, a device that is not there, an address that refuses', async (t) => {
  const text = join(t.testdir(), 'text.mp4')
  writeFileSync(text, 'not a video')
  const cases: [string, RegExp][] = [
    [text, /invalid data/i],
    ['/dev/video97', /no such device/],
    ['rtsp://127.0.0.1:9/x', /refused/i],
  ]
  for (const [source, reason] of cases) {
    const { states, camera } = capture(t, { source })
    await until(`the reason of ${source}`, () => states.some((s) => reason.test(s))).catch(() => t.fail(`${states}`))
    await camera.stop()
  }
  t.strictSame(ffmpegs(), [])
})

t.test('ffmpeg that hangs or dies in the middle is replaced', async (t) => {
  // Less than ffmpeg needs to start on a busy machine would be a stall every time.
  const { camera, frames, states } = capture(t, { stallSeconds: 10 })
  for (const [signal, state] of [
    ['SIGSTOP', /^stalled: no frame for/],
    ['SIGKILL', /^offline: .*SIGKILL/],
  ] as const) {
    const before = frames.length
    await until('frames', () => frames.length > before + 2)
    t.equal(states.at(-1), 'online')
    const ended = states.length
    process.kill(ffmpegs()[0]!.pid, signal)
    await until(signal, () => states.length > ended)
    t.match(states[ended], state)
    await until('it to be back', () => states.at(-1) === 'online')
  }
  await camera.stop()
  t.strictSame(ffmpegs(), [])
  const { length } = states
  await new Promise(setImmediate)
  t.equal(states.length, length, 'late callbacks change nothing')
})

t.test('a camera that takes the connection and sends nothing stalls; no ffmpeg stays behind', async (t) => {
  for (const silentAt of ['connect', 'play'] as const) {
    const server = await startRtspServer({ silentAt })
    t.teardown(() => server.close())
    const { camera, states } = capture(t, { source: server.url, stallSeconds: 5 })
    // Long enough for ffmpeg to get to the camera on a busy machine.
    await until('the stall', () => states.includes('stalled: no frame for 5 s'))
    await until('the next attempt', () => server.requests.filter((verb) => verb === 'OPTIONS').length > 1)
    await camera.stop()
    t.strictSame(ffmpegs(), [])
    t.strictSame(states, ['stalled: no frame for 5 s', 'offline: the agent stopped'], 'said once')
  }
})

const HOUR = 3600 * 90_000
const claims: Record<string, (n: number) => number> = {
  'jump an hour ahead': (n) => n * 9000 + (n < 15 ? 0 : HOUR),
  'jump an hour back': (n) => n * 9000 + (n < 15 ? HOUR : 0),
  'stand still': () => 777,
  wrap: (n) => 2 ** 32 - 135_000 + n * 9000,
  'begin again each second': (n) => (n % 10) * 9000,
}
for (const [claim, stamp] of Object.entries(claims)) {
  t.test(`time stamps that ${claim}: the configured rate, no picture twice, true times`, async (t) => {
    const server = await startRtspServer({ fps: 10, stamp })
    t.teardown(() => server.close())
    const { frames } = capture(t, { source: server.url, fps: 5, width: 160, height: 96, stallSeconds: 60 })
    await until('frames from before and after', () => frames.length >= 20 && server.sent.length > 30)
    t.ok(frames.length <= server.sent.length, 'none is made up')
    const stamps = frames.map(({ timeUs }) => timeUs / 1000)
    const sent = server.sent.map((ms) => ms + performance.timeOrigin)
    // Each was stamped when one was sent; the machine may be slow, but time does not run backwards.
    for (const stamp of stamps) t.ok(stamp >= sent[0]! && stamp <= Date.now(), 'within the session')
    t.strictSame(
      stamps,
      stamps.toSorted((a, b) => a - b),
    )
    const rate = ((stamps.length - 1) * 1000) / (stamps.at(-1)! - stamps[0]!)
    t.ok(rate < 5.6, `${rate.toFixed(2)} a second`)
  })
}

t.test('a camera that sends one frame in two seconds comes online, and its frames say when they came', async (t) => {
  const server = await startRtspServer({ fps: 0.5 })
  t.teardown(() => server.close())
  const stamps: { ms: number; latestSent: number }[] = []
  const { states, camera } = capture(t, { source: server.url, width: 160, height: 96, stallSeconds: 60 }, () => {
    // As the pipeline has it, which asks the clock again when the frame is encoded.
    const ms = clock.again(camera.slot.take()!).timeUs / 1000
    stamps.push({ ms, latestSent: performance.timeOrigin + server.sent.at(-1)! })
  })
  await until('frames', () => stamps.length >= 2)
  t.strictSame(states, ['online'])
  t.ok(server.sent.length < 12, `${server.sent.length} sent until two were there`)
  // ffmpeg hands one on when the next begins: it arrived before that, two seconds as a rule.
  for (const { ms, latestSent } of stamps) t.ok(ms < latestSent, `${Math.round(latestSent - ms)} ms before the next`)
})

t.test('a raw stream begins again at its end, and is online all the time', async (t) => {
  const source = join(t.testdir(), 'short.h264')
  execFileSync('ffmpeg', ['-v', 'error', '-t', '0.5', '-i', clip, '-c', 'copy', '-bsf:v', 'h264_mp4toannexb', source])
  const { frames, states } = capture(t, { source, fps: 20 })
  await until('more frames than the file has', () => frames.length >= 25)
  t.strictSame(states, ['online'])
})

t.test('transport, interlacing, another size in mid-stream, a wrong password', async (t) => {
  const size = { width: 160, height: 96, stallSeconds: 60 }
  const server = await startRtspServer({ transports: ['udp'] })
  t.teardown(() => server.close())
  const udp = capture(t, { ...size, source: server.url })
  await until('frames over UDP', () => udp.frames.length >= 2)
  await udp.camera.stop()

  server.set({ encode: ['-flags', '+ildct+ilme', '-x264opts', 'tff=1'] })
  const fields = capture(t, { ...size, source: server.url })
  await until('frames, and yadif', () => fields.frames.length >= 2 && /yadif/.test(ffmpegs()[0]?.args ?? ''))
  t.strictSame(fields.states, ['online'], 'the second start is not a fault')
  await fields.camera.stop()

  server.set({ changes: { after: 15, size: '320x240' } })
  const sent = server.sent.length
  const change = capture(t, { ...size, source: server.url })
  await until('frames after it', () => server.sent.length > sent + 15 && change.frames.length >= 15)
  t.strictSame(change.states, ['online'])
  await change.camera.stop()

  server.set({ login: { user: 'u', password: 'right', scheme: 'digest' } })
  const asked = server.requests.length
  const wrong = capture(t, { ...size, source: server.url.replace('://', '://u:wr%2Fong@') })
  await until('the refusal', () => wrong.states.length > 0)
  t.match(wrong.states[0], /^offline: the camera refuses the user name or password/)
  t.notMatch(wrong.states[0], /wr/)
  t.ok(
    server.requests.slice(asked).filter((verb) => verb === 'DESCRIBE').length <= 2,
    'once without, once with the password',
  )
})

t.test('nobody takes the frames: the newest wait, the others are counted', async (t) => {
  const { camera } = capture(t, { fps: 25 }, () => {})
  await until('frames', () => camera.framesIn >= 8)
  await camera.stop()
  t.ok(camera.dropped >= camera.framesIn - SLOT_FRAMES, `${camera.dropped} of ${camera.framesIn}`)
  t.equal(camera.slot.take(), undefined, 'nothing is left after stop')
})

t.test('a camera that is disabled is not touched', async (t) => {
  const { camera, states } = capture(t, { enabled: false })
  t.match(camera.state, { state: 'disabled', reason: /configuration/ })
  await camera.stop()
  t.strictSame([states, ffmpegs()], [[], []])
})

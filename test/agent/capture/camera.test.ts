/** Real ffmpeg on the project's clip. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Backoff } from '../../../agent/backoff.js'
import { Camera, type CapturedFrame } from '../../../agent/capture/camera.js'
import { Camera as Schema } from '../../../agent/config/schema.js'
import { silentLog } from '../../../agent/log.js'
import { until } from '../../e2e/until.js'

const clip = join(import.meta.dirname, '..', '..', '..', 'config', 'demo', 'street.mp4')

function capture(t: Test, config: object) {
  const frames: CapturedFrame[] = []
  const states: string[] = []
  const seen = { finished: 0 }
  const camera: Camera = new Camera(
    Schema.parse({ id: 'a', source: clip, width: 64, height: 48, fps: 10, ...config }),
    silentLog,
    {
      frameReady: () => {
        const frame = camera.slot.take()
        if (frame) frames.push(frame)
      },
      stateChanged: ({ state: { state, reason } }) => states.push(reason ? `${state}: ${reason}` : state),
      finished: () => seen.finished++,
    },
    undefined,
    new Backoff(20, 100),
  )
  t.teardown(() => camera.stop())
  camera.start()
  return { camera, frames, states, seen }
}

const children = () =>
  execFileSync('ps', ['--ppid', String(process.pid), '-o', 'args='])
    .toString()
    .split('\n')
    .filter((l) => l.startsWith('ffmpeg') || l.includes('/ffmpeg'))

t.test('a file in real time: frames of the right size, no faster than asked for', { timeout: 60_000 }, async (t) => {
  const { camera, frames, states } = capture(t, {})
  await until('frames', () => frames.length >= 15)
  const [first, last] = [frames[0]!, frames[14]!]
  t.equal(first.rgb.length, 64 * 48 * 3)
  t.ok(new Set(first.rgb).size > 20, 'a picture, not a blank')
  const ms = Number(last.monoNs - first.monoNs) / 1e6
  t.ok(ms > 700, `14 frames in ${Math.round(ms)} ms at 10 frames a second`)
  t.strictSame(states, ['online'])
  await camera.stop()
  t.strictSame(children(), [], 'ffmpeg is gone')
  t.equal(states.at(-1), 'offline: the agent stopped')
})

t.test('a file at full pace ends once, with every frame', { timeout: 60_000 }, async (t) => {
  const { frames, seen, camera } = capture(t, { pace: 'fast', loop: false, fps: 2 })
  await until('the end', () => seen.finished > 0)
  const counted = execFileSync('ffprobe', ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', clip])
  const expected = Number(counted.toString()) * 2
  t.ok(Math.abs(frames.length - expected) <= 1, `${frames.length} frames, ${expected} expected`)
  t.match(camera.state, { state: 'offline', reason: 'the stream ended' })
  t.equal(camera.dropped, 0)
})

t.test('a loop goes on after the end', { timeout: 60_000 }, async (t) => {
  const dir = t.testdir()
  const short = join(dir, 'short.mp4')
  execFileSync('ffmpeg', ['-v', 'error', '-t', '0.5', '-i', clip, '-c', 'copy', short])
  const { frames, states } = capture(t, { source: short, fps: 20 })
  await until('more frames than the file has', () => frames.length >= 40)
  t.strictSame(states, ['online'])
})

t.test('what is not there yet is tried again', { timeout: 60_000 }, async (t) => {
  const source = join(t.testdir(), 'later.mp4')
  const { frames, states } = capture(t, { source })
  await until('an attempt in vain', () => states.length > 0)
  t.match(states[0], /^offline: .*later\.mp4: no such file/)
  copyFileSync(clip, source)
  await until('frames', () => frames.length >= 3)
  t.equal(states.at(-1), 'online')
})

t.test(
  'a file that is no video, a device that is not there, an address that refuses',
  { timeout: 60_000 },
  async (t) => {
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
    t.strictSame(children(), [])
  },
)

t.test('a source that falls silent is stalled, and started again', { timeout: 60_000 }, async (t) => {
  const pipe = join(t.testdir(), 'silent.ts')
  execFileSync('mkfifo', [pipe])
  const { camera, states } = capture(t, { source: pipe, stallSeconds: 0.5 })
  await until('the stall', () => states.some((s) => /^stalled: no frame for/.test(s)))
  await camera.stop()
  t.strictSame(children(), [])
})

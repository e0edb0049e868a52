/** One real ffmpeg process: it ends once, and it is gone after stop, whatever state it is in. */
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import t from 'tap'
import { kindOf, startFfmpeg } from '../../../agent/capture/ffmpeg.js'
import { until } from '../../e2e/until.js'
import { ffmpegs } from './processes.js'

const source = join(import.meta.dirname, '..', '..', '..', 'config', 'demo', 'street.mp4')
const small = { source, width: 32, height: 16, fps: 5, loop: true, pace: 'realtime' } as const

function grab(more: object = {}) {
  const ends: string[] = []
  const seen = { bytes: 0 }
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      seen.bytes += chunk.length
      done()
    },
  })
  sink.on('error', () => {})
  return { grabber: startFfmpeg({ ...small, ...more }, sink, (reason) => ends.push(reason)), ends, seen }
}

t.test('what is a camera, a device, a file', async (t) => {
  t.equal(kindOf('rtsp://camera/stream'), 'rtsp')
  t.equal(kindOf('rtsps://camera/stream'), 'rtsp')
  t.equal(kindOf('/dev/video0'), 'v4l2')
  t.equal(kindOf('/media/rtsp.mp4'), 'file')
})

t.test('a killed process is an end with a reason', async (t) => {
  const { ends, seen } = grab()
  await until('bytes', () => seen.bytes > 0)
  process.kill(ffmpegs()[0]!.pid, 'SIGKILL')
  await until('the end', () => ends.length > 0)
  t.match(ends, [/SIGKILL/])
  t.strictSame(ffmpegs(), [])
})

t.test('stopped before ffmpeg was there', async (t) => {
  const { grabber, seen, ends } = grab()
  await grabber.stop()
  t.strictSame(ffmpegs(), [])
  await until('the end', () => ends.length > 0)
  t.strictSame(ffmpegs(), [])
  t.equal(seen.bytes, 0)
})

t.test('stopped twice, and while ffmpeg is frozen', async (t) => {
  const { grabber, seen, ends } = grab()
  await until('bytes', () => seen.bytes > 0)
  process.kill(ffmpegs()[0]!.pid, 'SIGSTOP')
  await Promise.all([grabber.stop(), grabber.stop()])
  t.strictSame(ffmpegs(), [])
  t.ok(ends.length <= 1)
})

t.test('what is refused before ffmpeg starts shows no password', async (t) => {
  const { ends } = grab({ source: 'admin:Geheim@192.168.1.10/stream' })
  await until('the end', () => ends.length > 0)
  t.strictSame(ends, ['…@192.168.1.10/stream: no such file'])
})

t.test('ffmpeg is asked for RTSP over TCP', async (t) => {
  const { grabber, ends } = grab({ source: 'rtsp://127.0.0.1:9/stream' })
  const args = await until('the process', () => ffmpegs()[0]?.args ?? ends[0])
  t.match(args, /-rtsp_transport tcp .*-i rtsp:|refused/)
  await until('the end', () => ends.length > 0)
  t.equal(ends.length, 1)
  await grabber.stop()
})

t.test('one that writes what is not read does not stay', async (t) => {
  const sink = new Writable({ write: () => {} })
  sink.on('error', () => {})
  const fast = { ...small, width: 640, height: 480, fps: 25, pace: 'fast' } as const
  const grabber = startFfmpeg(fast, sink, () => {})
  await until('a full pipe', () => sink.writableNeedDrain)
  await grabber.stop()
  t.strictSame(ffmpegs(), [])
})

t.test(
  'what the box cannot decode with is done without from the second start on, and the rest is still tried',
  async (t) => {
    const decode = (hwaccel: string) => ({ decode: { hwaccel, skip: 'none' } })
    for (const hwaccel of ['no_such', 'nor_this']) {
      const refused = grab(decode(hwaccel))
      await until('the end', () => refused.ends.length > 0)
      t.equal(refused.seen.bytes, 0)
      const again = grab(decode(hwaccel))
      await until('bytes', () => again.seen.bytes > 0)
      t.ok(again.grabber.cpuMs()! >= 0)
      await again.grabber.stop()
    }
  },
)

t.test('a sandbox that refuses what setpriv does first: the next attempt goes without it', async (t) => {
  // What it said as a service, whose unit forbade capset(2): no frame ever came.
  const dir = t.testdir({
    setpriv: '#!/bin/sh\necho "setpriv: activate capabilities: Operation not permitted" >&2\nexit 127\n',
  })
  chmodSync(join(dir, 'setpriv'), 0o755)
  const path = process.env.PATH
  process.env.PATH = `${dir}:${path}`
  try {
    const first = grab()
    await until('the end', () => first.ends.length > 0)
    t.match(first.ends, [/permission denied|setpriv/])
    const second = grab()
    await until('bytes', () => second.seen.bytes > 0)
    await second.grabber.stop()
  } finally {
    process.env.PATH = path
  }
})

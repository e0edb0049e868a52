/** Real ffmpeg, and a real RTSP server with its faults. */
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { probe, streamOf } from '../../../agent/capture/probe.js'
import { Camera as Schema } from '../../../agent/config/schema.js'
import { startRtspServer } from '../../field/rtsp-server.js'
import { ffmpegs } from './processes.js'

const camera = (source: string, more: object = {}) =>
  Schema.parse({ id: 'a', source, width: 64, height: 48, fps: 1, stallSeconds: 600, ...more })
/** However slow the machine, none of these is too late. */
const HOUR_MS = 3_600_000

t.test('a file and a camera on a wire: codec, size, rate', async (t) => {
  const clip = join(process.cwd(), 'config', 'demo', 'street.mp4')
  t.strictSame(await probe(camera(clip), HOUR_MS), {
    ok: true,
    stream: { codec: 'h264', width: 768, height: 432, fps: 12.5 },
  })
  const server = await startRtspServer({ login: { user: 'u', password: 'p', scheme: 'digest' }, size: '160x128' })
  t.teardown(() => server.close())
  t.match(await probe(camera(server.url), HOUR_MS), { ok: true, stream: { codec: 'h264', width: 160, height: 128 } })
  const wrong = await probe(camera(server.url.replace('u:p@', 'u:x@')), HOUR_MS)
  t.match(wrong, { ok: false, login: true, reason: /refuses the user name or password/ })
  t.strictSame(ffmpegs(), [], 'nothing runs on')
})

t.test(
  'an old ffmpeg: what it does not know is left out, and the second start is waited for, however slow',
  async (t) => {
    // As 4.4, which JetPack 6 has, says of what keeps the password out of ps.
    const dir = t.testdir({
      ffmpeg: `#!/bin/sh
if [ ! -e "$0.ran" ]; then
  touch "$0.ran"
  echo "[error] Line 3: unknown keyword 'option'" >&2
  exit 1
fi
sleep 3
head -c 9216 /dev/zero
sleep 100
`,
    })
    chmodSync(join(dir, 'ffmpeg'), 0o755)
    const before = process.env.FFMPEG_PATH
    process.env.FFMPEG_PATH = join(dir, 'ffmpeg')
    t.teardown(() => {
      if (before === undefined) delete process.env.FFMPEG_PATH
      else process.env.FFMPEG_PATH = before
    })
    t.match(await probe(camera('rtsp://u:p@127.0.0.1:9/x'), HOUR_MS), { ok: true })
  },
)

t.test('nothing there, nothing that comes', async (t) => {
  t.match(await probe(camera('/no/such.mp4'), HOUR_MS, 1), { ok: false, login: false, reason: /no such file/ })
  t.match(await probe(camera('rtsp://127.0.0.1:9/x'), HOUR_MS), { ok: false, reason: /connection refused/ })
  const silent = await startRtspServer({ silentAt: 'connect' })
  t.teardown(() => silent.close())
  t.match(await probe(camera(silent.url), 500), { ok: false, login: false, reason: 'nothing came within 0.5 s' })
  t.match(await probe(camera(silent.url, { stallSeconds: 2 }), HOUR_MS), { ok: false, reason: /no frame for 2 s/ })
})

t.test('what ffmpeg says of a stream', async (t) => {
  t.strictSame(streamOf('hevc 1920x1080'), { codec: 'hevc', width: 1920, height: 1080 })
  t.equal(streamOf('?'), undefined)
})

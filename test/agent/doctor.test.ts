import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { DEFAULT_BUNDLE } from '../../agent/bundles.js'
import { costOf } from '../../agent/doctor.js'
import { blindsight } from '../e2e/program.js'
import { clip, configFile } from '../e2e/setting.js'

t.test('all that works here', async (t) => {
  const { code, out, err } = await blindsight(['doctor', '--json'])
  const { checks } = JSON.parse(out) as { checks: { name: string; ok: boolean; text: string }[] }
  t.strictSame(
    checks.filter((c) => !c.ok),
    [],
  )
  t.equal(code, 0, err)
  const found = Object.fromEntries(checks.map(({ name, text }) => [name, text]))
  t.match(found, {
    ffmpeg: /ffmpeg version/,
    providers: /encoder ran on cpu/,
    bundle: new RegExp(DEFAULT_BUNDLE),
    disk: /GB free/,
  })
})

t.test('what does not work says what to do, and the rest is still tried', async (t) => {
  const cameras = [
    { id: 'good', source: clip, width: 64, height: 64, stallSeconds: 600 },
    { id: 'gone', source: '/no/such.mp4', width: 64, height: 64 },
  ]
  const config = await configFile(t.testdir(), { broker: 'mqtt://127.0.0.1:9', top: { cameras } })
  const { code, out } = await blindsight(['doctor', '--config', config])
  t.equal(code, 1)
  t.match(out, /^ok +camera good .* arrive from h264 768x432, 12.50 fps; decoding and scaling take \d+ % of a core/m)
  t.match(out, /^FAIL +camera gone +\/no\/such\.mp4: .*no such file/m)
  t.match(out, /^FAIL +broker .*127\.0\.0\.1:9/m)
  t.notMatch(out, /^\s+at /m)
})

t.test('a configuration that is wrong: every line of it', async (t) => {
  const config = join(t.testdir(), 'box.yaml')
  writeFileSync(config, 'mqtt: {url: host}\ncameras:\n  - {id: a, source: x.mp4, width: 17}\nproviders: [tensorrt]\n')
  const { code, out } = await blindsight(['doctor', '--config', config])
  t.equal(code, 1)
  t.match(out, /^FAIL +configuration +\S+:1: mqtt\.url: .*\n +\S+:3: cameras\.0\.width: .*\n +\S+:4: providers: /m)
})

t.test('a stream that is dear to decode: what makes it cheaper', async (t) => {
  const plain = { hwaccel: 'none', skip: 'none' } as const
  t.equal(await costOf(0.1, { decode: plain }), '; decoding and scaling take 10 % of a core')
  t.match(await costOf(0.8, { decode: plain }), /80 % of a core: less with .*sub-stream, or decode: \{skip: nokey\}/)
  t.notMatch(await costOf(0.8, { decode: { hwaccel: 'vaapi', skip: 'nokey' } }), /decode:/)
})

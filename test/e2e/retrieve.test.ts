/** From an archived bitstream back to a picture, fetched by a client that is not ours and by our own. */
import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { decode as decodePng } from 'fast-png'
import * as ort from 'onnxruntime-node'
import t from 'tap'
import { outputOf } from '../../agent/capture/arguments.js'
import { Decoder } from '../../codec/index.js'
import { openBundle } from '../../contract/bundle.js'
import { codingOf } from '../../contract/coding.js'
import { Topics } from '../../contract/topics.js'
import { Mosquitto } from '../client/mosquitto.js'
import { run } from '../client/run.js'
import { tool } from '../tool.js'
import { blindsight, Program } from './program.js'
import { recordsOf } from './records.js'
import { bundle, bundleDir, camera, clip, committed, configFile, device, height, type Row, width } from './setting.js'
import { Subscriber } from './subscriber.js'
import { until } from './until.js'

const topics = new Topics('blindsight', device)
const answers = `${topics.response('get')}/viewer`
const frames = 12
/** Few, since the agent runs through the whole clip. */
const fps = 0.5

t.test('retrieval', async (t) => {
  const dir = t.testdir()
  const broker = await Mosquitto.start()
  t.teardown(() => broker.stop())
  // Paced as fast as the frames come nothing is dropped: frame n of the clip is seq n.
  const wishes = { broker: broker.url, camera: { pace: 'fast', loop: false, fps } }
  const agent = Program.start(['run', '--config', await configFile(dir, wishes)])
  t.teardown(() => agent.kill())
  await until('frames in the archive', () => committed(dir).length >= frames)
  const rows = committed(dir).slice(0, frames)
  const at = (row: Row) => `${row.cam}/${row.boot}/${row.seq}`
  const pictures = clipFrames()

  await t.test('list, describe and get over MQTT 5, with mosquitto_pub', async (t) => {
    const viewer = await Subscriber.start({ port: broker.port, version: '5', filters: [answers] })
    t.teardown(() => viewer.stop())
    const ask = async (verb: 'list' | 'describe' | 'get', body: object, correlation: string) => {
      const request = ['-V', '5', '-p', String(broker.port), '-t', topics.request(verb), '-m', JSON.stringify(body)]
      const reply = ['-D', 'PUBLISH', 'response-topic', answers, '-D', 'PUBLISH', 'correlation-data', correlation]
      await promisify(execFile)(tool('mosquitto_pub'), [...request, ...reply])
      return until(`the answer to ${verb}`, () => {
        const answer = viewer.messages.find((m) => m.correlation === correlation)
        return answer && JSON.parse(answer.payload.toString())
      })
    }
    const list = await ask('list', { cam: camera, limit: 5 }, 'a1')
    t.strictSame(
      list.items.map((item: { ref: string }) => item.ref),
      rows.slice(0, 5).map(at),
    )
    const next = await ask('list', { cam: camera, limit: 5, cursor: list.cursor }, 'a2')
    t.strictSame(
      next.items.map((item: { ref: string }) => item.ref),
      rows.slice(5, 10).map(at),
    )
    const row = rows[3]!
    t.match(await ask('describe', { ref: at(row) }, 'a3'), {
      status: 'ok',
      item: { ref: at(row), sha256: row.sha256, bytes: row.bits.length, model: bundle },
    })
    const got = await ask('get', { ref: at(row) }, 'a4')
    t.match(got, { status: 'ok', off: 0, total: row.bits.length, sha256: row.sha256 })
    t.ok(Buffer.from(got.data, 'base64').equals(row.bits), 'byte for byte what the archive holds')
    t.match(await ask('get', { ref: `${camera}/0000000000000000/1` }, 'a5'), { status: 'error', code: 'not_found' })
    t.match(await ask('get', { ref: 'nonsense' }, 'a6'), { status: 'error', code: 'bad_request' })
  })

  const streams = join(dir, 'streams')
  await t.test('archive list and get', async (t) => {
    const where = ['--device', device, '--broker', broker.url]
    const list = await blindsight(['archive', 'list', ...where])
    t.equal(list.code, 0, list.err)
    for (const row of rows) t.ok(list.out.includes(at(row)), at(row))
    const get = await blindsight(['archive', 'get', ...where, '--out', streams, ...rows.map(at)])
    t.equal(get.code, 0, get.err)
    t.match(readdirSync(streams)[0], new RegExp(`^${camera}-${rows[0]!.boot}-0\\.bsf$`), 'named after the keyframe')
    for (const { seq, sha256 } of rows) {
      const record = recordsOf(streams).find((r) => r.seq === seq)!
      t.equal(createHash('sha256').update(record.bytes).digest('hex'), sha256)
    }
    const again = await run(['archive', 'get', ...where, '--out', streams, at(rows[3]!)])
    t.match(again, { code: 0, out: '', err: /1 already there/ })
    const absent = await run(['archive', 'get', ...where, '--out', streams, `${camera}/0000000000000000/1`])
    t.equal(absent.code, 5)
    t.match(absent.err, /not_found|no such|not found/i)
  })
  t.equal((await agent.terminate()).code, 0)

  await t.test('the symbols are those that the encoder gives for these frames', async (t) => {
    const bundle = openBundle(bundleDir)
    const decoder = new Decoder(codingOf(bundle))
    const decoded = new Map(recordsOf(streams).map(({ record, seq }) => [seq, decoder.decode(record).symbols]))
    const encoder = await ort.InferenceSession.create(join(bundleDir, 'encoder.onnx'))
    t.teardown(() => encoder.release())
    for (const row of rows) {
      const rgb = new ort.Tensor('uint8', pictures[row.seq]!, [1, height, width, 3])
      const { [encoder.outputNames[0]!]: expected } = await encoder.run({ [encoder.inputNames[0]!]: rgb })
      t.ok(Buffer.from(decoded.get(row.seq)!).equals(Buffer.from(expected!.data as Uint8Array)), `seq ${row.seq}`)
    }
  })

  await t.test('inspect and decode', async (t) => {
    const files = readdirSync(streams).map((name) => join(streams, name))
    const inspect = await blindsight(['inspect', files[0]!])
    t.equal(inspect.code, 0, inspect.err)
    t.match(inspect.out, /224x128 pixels, latent 16x16x28 of 6 levels/)
    t.match(inspect.out, /CRC ok/)
    const out = join(dir, 'pictures')
    const video = join(dir, 'street.mp4')
    const decode = await blindsight(['decode', ...files, '--out', out, '--mp4', video])
    t.equal(decode.code, 0, decode.err)
    for (const row of rows) {
      const png = decodePng(readFileSync(join(out, `${row.cam}-${row.boot}-${row.seq}.png`)))
      t.equal(png.width, 2 * width, 'the picture, and the segmentation beside it')
      const db = psnr(pictures[row.seq]!, png)
      t.ok(db > 20, `seq ${row.seq}: ${db.toFixed(1)} dB`)
    }
    const probe = ['-v', 'error', '-count_frames', '-show_entries', 'stream=nb_read_frames', '-of', 'csv=p=0', video]
    t.equal(execFileSync(tool('ffprobe'), probe).toString().trim(), String(recordsOf(streams).length))
  })

  await t.test('a bitstream that was cut, or damaged, or is none', async (t) => {
    const whole = rows[0]!.bits
    const damaged = Buffer.from(whole)
    damaged[100]! ^= 1
    const faults = { 'cut.bsf': whole.subarray(0, 200), 'damaged.bsf': damaged, 'none.bsf': Buffer.from('a text') }
    mkdirSync(join(dir, 'faults'))
    for (const [name, bytes] of Object.entries(faults)) {
      const file = join(dir, 'faults', name)
      writeFileSync(file, bytes)
    }
    const files = Object.keys(faults).map((name) => join(dir, 'faults', name))
    for (const verb of [['inspect'], ['decode', '--out', join(dir, 'no')]]) {
      const { code, err } = await run([...verb, ...files])
      t.equal(code, 3, verb[0])
      for (const name of Object.keys(faults)) t.match(err, new RegExp(name))
      t.notMatch(err, /^\s+at /m, 'no stack trace')
    }
  })
})

/** The clip's first frames, cut by ffmpeg as the agent's configuration says. */
function clipFrames(): Uint8Array[] {
  const output = outputOf({ source: clip, width, height, fps, loop: false, pace: 'fast' })
  const raw = execFileSync(tool('ffmpeg'), ['-v', 'error', '-i', clip, ...output, '-frames:v', String(frames), '-'], {
    maxBuffer: 1 << 28,
  })
  const size = width * height * 3
  return Array.from({ length: frames }, (_, i) => raw.subarray(i * size, (i + 1) * size))
}

function psnr(rgb: Uint8Array, png: { width: number; channels: number; data: ArrayLike<number> }): number {
  let sum = 0
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++)
        sum += (rgb[(y * width + x) * 3 + c]! - png.data[(y * png.width + x) * png.channels + c]!) ** 2
  return 10 * Math.log10(255 ** 2 / (sum / (width * height * 3)))
}

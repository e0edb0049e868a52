/** Slots in, committed frames out; inference is a stand-in that can be slow or fail. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import type { CapturedFrame } from '../../agent/capture/camera.js'
import { Slot } from '../../agent/capture/slot.js'
import { Camera } from '../../agent/config/schema.js'
import type { Encoded } from '../../agent/infer/messages.js'
import { type NewFrame, Part } from '../../agent/outbox.js'
import { type Committed, type Fate, Pipeline, type PipelineOptions } from '../../agent/pipeline.js'
import { Watching } from '../../agent/watching.js'
import { Decoder, Encoder, readArchive } from '../../codec/index.js'
import { openBundle } from '../../contract/bundle.js'
import { codingOf } from '../../contract/coding.js'

const bundle = openBundle(join(import.meta.dirname, '..', '..', 'models', 'bundles', 'lean-1'))
const encoder = () => new Encoder('fast', codingOf(bundle), { height: 8, width: 8 })

function world(ids: string[], options: Partial<PipelineOptions> = {}, camera: object = {}) {
  const committed: Committed[] = []
  const stored: NewFrame[] = []
  const failures: string[] = []
  const jobs: { cam: string; pressed: boolean; look: boolean; finish(error?: Error): Promise<void> }[] = []
  let full = false
  let fate: Fate = 'lost'
  let leader = 0
  let held: Encoded['held']
  const cameras = ids.map((id) => {
    const config = Camera.parse({ id, source: 'x', width: 64, height: 64, heads: [], ...camera })
    return {
      config,
      slot: new Slot<CapturedFrame>(() => {}),
      dropped: 0,
      recycled: 0,
      recycle() {
        this.recycled++
      },
    }
  })
  const encoders = new Map(ids.map((id) => [id, encoder()]))
  let timeUs = 1e15
  const drawn = { us: 0 }
  const boot = randomBytes(8).toString('hex')
  const pipeline = new Pipeline(
    {
      cameras,
      infer: ({ rgb, cam: { id: cam } }, { key, pressed, look }) =>
        new Promise<Encoded>((resolve, reject) => {
          const coded = encoders.get(cam)!.encode(new Uint8Array(16 * 8 * 8).fill(jobs.length % 6), { key })
          const probabilities = Float32Array.from({ length: 1000 }, (_, i) => Number(i === leader))
          const encoded = {
            job: 0,
            buffer: rgb.buffer,
            coded,
            probabilities,
            ...(held && { held }),
            ms: { encode: 1, code: 1 },
          }
          const finish = async (error?: Error) => {
            if (error) reject(error)
            else resolve(encoded)
            await new Promise(setImmediate)
          }
          jobs.push({ cam, pressed, look, finish })
        }),
      watching: new Watching({ dev: 'box', boot, bundle, cameras: cameras.map(({ config }) => config), now() {} }),
      timed: (stamp) => ({ ...stamp, timeUs: stamp.timeUs + drawn.us }),
      commit: (frame) => {
        if (!full) stored.push(frame)
        return full ? fate : 'stored'
      },
      committed: (result) => committed.push(result),
      failed: (cam, error) => failures.push(`${cam}: ${error.message}`),
    },
    {
      dev: 'box',
      boot,
      bundle,
      providers: { encoder: 'cpu' },
      publishBitstreams: true,
      maxFrames: 1e9,
      ...options,
    },
  )
  const put = (i: number, waitedMs = 0) => {
    timeUs += 100_000
    const readyMs = performance.now() - waitedMs
    const stamp = { timeUs, bootMs: timeUs / 1000, readyMs, monoNs: process.hrtime.bigint(), clk: 'ok' as const }
    cameras[i]!.slot.put({ rgb: new Uint8Array(64 * 64 * 3).fill(i), captureMs: 1, ...stamp, cam: cameras[i]!.config })
    pipeline.wake()
  }
  return {
    pipeline,
    cameras,
    committed,
    stored,
    failures,
    jobs,
    put,
    drawn,
    /** The class that the classifier sees. */
    shows: (of: number) => {
      leader = of
    },
    /** The heads do not look at what comes now. */
    hold: (now: boolean) => {
      held = now ? 'same' : undefined
    },
    disk: (isFull: boolean, then: Fate = 'lost') => {
      full = isFull
      fate = then
    },
  }
}

t.test('three frames are under way at a time, and every buffer comes back', async (t) => {
  const { jobs, put, committed, cameras } = world(['a'])
  for (let i = 0; i < 4; i++) put(0)
  t.equal(jobs.length, 3)
  for (let i = 0; i < 4; i++) await jobs[i]!.finish()
  t.strictSame(
    committed.map(({ seq }) => seq),
    [0, 1, 2, 3],
  )
  t.equal(cameras[0]!.recycled, 4)
})

t.test('a frame that has waited for long is pressed, unless its file waits for the pipeline', (t) => {
  const hour = 3_600_000
  const slow = { fps: 1 / 100 } // half of its time no test takes
  for (const [camera, waitedMs, pressed] of [
    [slow, 0, false],
    [{}, hour, true],
    [{ pace: 'fast' }, hour, false],
  ] as const) {
    const { jobs, put } = world(['a'], {}, camera)
    put(0, waitedMs)
    t.equal(jobs[0]!.pressed, pressed)
  }
  t.end()
})

t.test(
  'a time line that is drawn to the wall clock makes no frame older than the one before it; one that is moved does',
  async (t) => {
    const { jobs, put, stored, drawn } = world(['a'])
    for (const us of [0, -150_000, -90_000_000, -90_000_000]) {
      drawn.us = us
      put(0)
      await jobs.at(-1)!.finish()
    }
    const began = stored[0]!.timeUs
    t.strictSame(
      stored.map(({ timeUs }) => timeUs - began),
      [0, 0, 200_000 - 90_000_000, 300_000 - 90_000_000],
    )
  },
)

t.test('cameras take turns', async (t) => {
  const { jobs, put } = world(['a', 'b', 'c'])
  for (let round = 0; round < 3; round++) for (const i of [0, 1, 2]) put(i)
  for (let i = 0; i < 4; i++) {
    await jobs[i]!.finish()
    for (const camera of [0, 1, 2]) put(camera)
  }
  t.strictSame(
    jobs.slice(0, 6).map(({ cam }) => cam),
    ['a', 'b', 'c', 'a', 'b', 'c'],
  )
})

t.test('only what was committed has a number: a failure or a full disk leaves no gap', async (t) => {
  const { jobs, put, committed, stored, failures, disk } = world(['a'])
  put(0)
  await jobs[0]!.finish()
  put(0)
  await jobs[1]!.finish(new Error('no memory'))
  disk(true)
  put(0)
  await jobs[2]!.finish()
  disk(false)
  put(0)
  await jobs[3]!.finish()
  disk(true, 'sent')
  put(0)
  await jobs[4]!.finish()
  disk(false)
  put(0)
  await jobs[5]!.finish()
  t.strictSame(failures, ['a: no memory'])
  t.strictSame(
    stored.map(({ seq }) => seq),
    [0, 1, 3],
    'the number of a frame whose results were published is taken',
  )
  t.equal(committed[1]!.record.common.bits.bytes, stored[1]!.bits.length)
  t.equal(committed[1]!.record.common.bits.sha256, stored[1]!.sha256)
})

t.test(
  'an answer that holds names the frame it was given for; where that came to nothing the heads look again',
  async (t) => {
    const { jobs, put, committed, disk, hold } = world(['a'], {}, { heads: ['classify'] })
    const looks: boolean[] = []
    const next = async (error?: Error) => {
      put(0)
      looks.push(jobs.at(-1)!.look)
      await jobs.at(-1)!.finish(error)
    }
    await next()
    hold(true)
    await next()
    await next(new Error('the encoder failed')) // the answer that holds is still the first one's
    await next()
    hold(false)
    disk(true)
    await next()
    disk(false)
    await next()
    hold(true)
    await next()
    t.strictSame(looks, [true, false, false, false, false, true, false])
    t.strictSame(
      committed.map(({ seq, record, held }) => [seq, record.same_as, held]),
      [
        [0, undefined, undefined],
        [1, 0, 'same'],
        [2, 0, 'same'],
        [3, undefined, undefined],
        [4, 3, 'same'],
      ],
    )
    t.ok(committed.every(({ record }) => record.cls))
  },
)

t.test('what is stored decodes, whatever was lost in between', async (t) => {
  const { jobs, put, stored, disk, pipeline } = world(['a'])
  const next = async (error?: Error) => {
    put(0)
    await jobs.at(-1)!.finish(error)
  }
  for (let i = 0; i < 4; i++) await next()
  await next(new Error('no memory'))
  for (let i = 0; i < 3; i++) await next()
  disk(true, 'sent')
  for (let i = 0; i < 3; i++) await next()
  disk(false)
  for (let i = 0; i < 3; i++) await next()
  for (let i = 0; i < 50; i++) await next()
  for (let i = 0; i < 10; i++) await next()
  pipeline.keyframes.ask('a')
  for (let i = 0; i < 3; i++) await next()

  t.strictSame(
    stored.filter(({ seq, keySeq }) => seq === keySeq).map(({ seq }) => seq),
    [0, 4, 10, 60, 73],
    'after a loss, every 5 s, and when asked for',
  )
  const decoder = new Decoder(codingOf(bundle))
  for (const piece of readArchive(Buffer.concat(stored.map(({ bits }) => bits)))) {
    if (piece.kind === 'damage') t.fail(piece.error.message)
    else if (piece.kind !== 'index') t.equal(decoder.decode(piece).frame.seq, piece.seq)
  }
})

t.test('a frame that was coded before its predecessor was lost goes with it', async (t) => {
  const { jobs, put, stored, failures } = world(['a'])
  put(0)
  await jobs[0]!.finish()
  put(0)
  put(0)
  await jobs[1]!.finish(new Error('no memory'))
  await jobs[2]!.finish()
  put(0)
  await jobs[3]!.finish()
  t.strictSame(failures, ['a: no memory', 'a: the frame it was predicted from is lost'])
  t.strictSame(
    stored.map(({ seq, keySeq }) => [seq, keySeq]),
    [
      [0, 0],
      [1, 1],
    ],
  )
})

t.test('drain commits what is under way and takes nothing new', async (t) => {
  const { pipeline, jobs, put, committed } = world(['a'])
  put(0)
  let drained = false
  const end = pipeline.drain().then(() => {
    drained = true
  })
  put(0)
  t.equal(jobs.length, 1)
  t.equal(drained, false)
  await jobs[0]!.finish()
  await end
  t.equal(committed.length, 1)
})

t.test('maxFrames', async (t) => {
  const { jobs, put } = world(['a'], { maxFrames: 2 })
  for (let i = 0; i < 4; i++) {
    put(0)
    await jobs.at(-1)!.finish()
  }
  t.equal(jobs.length, 2)
})

t.test('`publish` leaves messages out and no frame; what goes out decodes and says what went before', async (t) => {
  const decoder = new Decoder(codingOf(bundle))
  const run = async (publish: unknown, options: Partial<PipelineOptions> = {}, frames = 60) => {
    const { jobs, put, stored, committed, shows } = world(['a'], options, { publish })
    for (let i = 0; i < frames; i++) {
      shows(Math.floor(i / 25)) // another class at 25 and at 50
      put(0)
      await jobs[i]!.finish()
    }
    t.strictSame(
      stored.map(({ seq }) => seq),
      jobs.map((_, seq) => seq),
      'all are archived',
    )
    const out = stored.filter(({ parts }) => parts)
    t.strictSame(
      committed.filter(({ leftOut }) => !leftOut).map(({ seq }) => seq),
      out.map(({ seq }) => seq),
    )
    const pushed = out.filter(({ parts }) => parts & Part.bits)
    const decoded: number[] = []
    for (const piece of readArchive(Buffer.concat(pushed.map(({ bits }) => bits))))
      if (piece.kind === 'key' || piece.kind === 'predicted') decoded.push(decoder.decode(piece).frame.seq)
    t.strictSame(
      decoded,
      pushed.map(({ seq }) => seq),
    )
    return out.map(({ seq, parts, result }) => {
      const { results, bits } = JSON.parse(result).prev ?? {}
      return [seq, ...(parts & Part.cls ? [results] : []), ...(parts & Part.bits ? [bits] : [])]
    })
  }
  t.strictSame(await run({ everySeconds: 2 }), [
    [0, null, null],
    [20, 0, 0],
    [40, 20, 20],
  ])
  t.strictSame(await run('on_change'), [
    [0, null, null],
    [25, 0],
    [26, 25, 0],
    [50, 26],
    [51, 50, 26],
  ])
  t.strictSame(await run('on_change', { publishBitstreams: false }, 26), [
    [0, null],
    [25, 0],
  ])
  t.strictSame(await run('every', {}, 2), [
    [0, undefined, undefined],
    [1, undefined, undefined],
  ])
})

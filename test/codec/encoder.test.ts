import t from 'tap'
import { Encoder, MAX_SEGMENT, Packer, readRecord } from '../../codec/index.js'
import { codeOf } from './samples.js'
import { CONTEXT_HASH, COUNT, coding, frames, infoAt, SHAPE } from './scene.js'

t.test('the first frame is a key, then as asked', async (t) => {
  const encoder = new Encoder('fast', coding(), SHAPE)
  const asked = [false, false, true, false, false]
  const coded = frames(1, 5).map((frame, i) => encoder.encode(frame, { key: asked[i] }))
  t.same(
    coded.map(({ position }) => position),
    [0, 1, 0, 1, 2],
  )
  t.same(
    coded.map(({ key }) => key),
    [true, false, true, false, false],
  )
})

t.test('static frames are all keys', async (t) => {
  const encoder = new Encoder('static', coding(), SHAPE)
  t.ok(frames(1, 3).every((frame) => encoder.encode(frame).key))
})

t.test('a segment ends by itself before its positions do', async (t) => {
  const encoder = new Encoder('fast', coding(), SHAPE)
  const [frame] = frames(1, 1)
  for (let i = 0; i < MAX_SEGMENT; i++) t.equal(encoder.encode(frame).position, i)
  t.equal(encoder.encode(frame).key, true)
})

t.test('what cannot be coded is refused, and the encoder goes on', async (t) => {
  const encoder = new Encoder('max', coding(), SHAPE)
  const [first, second] = frames(1, 2)
  encoder.encode(first)
  t.equal(
    codeOf(() => encoder.encode(first.subarray(1))),
    'argument',
  )
  t.equal(
    codeOf(() => encoder.encode(new Uint8Array(COUNT).fill(6))),
    'argument',
  )
  t.equal(encoder.encode(second).position, 1)
  const { model: _, ...bare } = coding()
  t.equal(
    codeOf(() => new Encoder('max', bare, SHAPE)),
    'context',
  )
  t.equal(
    codeOf(() => new Encoder('max', coding(), { height: 0, width: 4 })),
    'argument',
  )
})

t.test('a frame that was not packed is a gap, until a key', async (t) => {
  const encoder = new Encoder('max', coding(), SHAPE)
  const packer = new Packer(CONTEXT_HASH)
  const [a, b, c, d] = frames(1, 4)
  packer.pack(infoAt(0), encoder.encode(a))
  encoder.encode(b) // dropped
  const late = encoder.encode(c)
  t.equal(
    codeOf(() => packer.pack(infoAt(1), late)),
    'chain',
  )
  t.equal(
    codeOf(() => packer.pack(infoAt(1), { ...late, position: 1 })),
    'chain',
    'and stays one',
  )
  t.match(readRecord(packer.pack(infoAt(1), encoder.encode(d, { key: true }))), { kind: 'key', seq: 1 })
})

import t from 'tap'
import { readIncoming } from '../../../client/listen/incoming.js'
import { resultLine } from '../../../client/listen/line.js'
import { classifyResult, eventMessage } from '../box.js'
import { boot, makeBundle, makeFrame } from '../bundle.js'

const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const seg = (data: number[]) => {
  const { cls: _, ...base } = classifyResult(3)
  const classes = [{ id: 0, label: 'sky', frac: 0.75 }]
  return { ...base, seg: { w: 8, h: 4, classes, mask: { enc: 'rle', data } } }
}

t.test('results, live and history', (t) => {
  const live = readIncoming('a/b', { topic: 'a/b/v1/gate-1/cam/street/cls', payload: json(classifyResult(3)) })
  t.match(live, { kind: 'cls', hist: false, key: { dev: 'gate-1', cam: 'street', boot, kind: 'cls', seq: 3 } })
  t.equal(resultLine(live), '2026-05-01T08:00:00.000Z gate-1/street #3 cls bus 0.70, dog 0.20  0.300 bpp 20 ms')
  const late = readIncoming('a/b', { topic: 'a/b/v1/gate-1/hist/street/seg', payload: json(seg([0, 24, 1, 8])) })
  t.match(late, { kind: 'seg', hist: true })
  t.match(resultLine(late), /seg sky 75%.*history$/)
  t.end()
})

t.test('events, in words', (t) => {
  const read = (event: object, topic = 'b/v1/gate-1/cam/street/evt') =>
    readIncoming('b', { topic, payload: json(event) })
  const start = read(eventMessage('street-1-1', 'start', 3))
  t.match(start, { kind: 'evt', key: { cam: 'street', kind: 'evt', seq: 3 }, event: { phase: 'start' } })
  t.equal(resultLine(start), '2026-05-01T08:00:00.000Z gate-1/street person enters · yard 12 % · street-1-1')
  const end = read({ ...eventMessage('street-1-1', 'end', 9), reason: 'restart' }, 'b/v1/gate-1/hist/street/evt')
  t.match(resultLine(end), /person is gone · yard 12 % · 12\.4 s \(restart\) · street-1-1 history$/)
  t.throws(() => read(eventMessage('street-1-1', 'start', 3, 'gate-2')), /payload of gate-2/)
  t.throws(() => read({ ...eventMessage('street-1-1', 'start', 3), phase: 'over' }), /^phase: |: phase: /)
  t.end()
})

t.test('a bitstream says whose it is', (t) => {
  const bytes = makeFrame(makeBundle(t.testdir()), 9)
  const incoming = readIncoming('b', { topic: 'b/v1/gate-1/bits/street', payload: bytes })
  t.match(incoming, { kind: 'bits', key: { boot, seq: 9 } })
  t.match(resultLine(incoming), `#9 bits ${bytes.length} bytes`)
  t.throws(() => readIncoming('b', { topic: 'b/v1/gate-1/bits/yard', payload: bytes }), /of camera street/)
  t.throws(() => readIncoming('b', { topic: 'b/v1/gate-1/bits/street', payload: bytes.subarray(1) }), {
    name: 'CodecError',
  })
  t.end()
})

t.test('the one before it, of a camera that leaves frames out', async (t) => {
  const bytes = makeFrame(makeBundle(t.testdir()), 9)
  const bits = (user?: Record<string, string>) =>
    readIncoming('b', { topic: 'b/v1/gate-1/bits/street', payload: bytes, user })
  const cls = (prev: object) =>
    readIncoming('b', { topic: 'b/v1/gate-1/cam/street/cls', payload: json({ ...classifyResult(3), ...prev }) })
  t.strictSame(
    [bits(), bits({ key: 'true' }), bits({ prev: '' }), bits({ prev: '4' })].map(({ prev }) => prev),
    [undefined, undefined, null, 4],
  )
  t.strictSame(
    [cls({}), cls({ prev: null }), cls({ prev: 2 })].map(({ prev }) => prev),
    [undefined, null, 2],
  )
  for (const prev of ['9', 'x', '-1', '1.5']) t.throws(() => bits({ prev }), /prev: .* before 9/)
  t.throws(() => cls({ prev: 3 }), /prev: 3 is no frame before 3/)
  t.throws(() => cls({ prev: -1 }), /prev: /)
})

t.test('what does not follow the schema says where', (t) => {
  const topic = 'b/v1/gate-1/cam/street/cls'
  const refused = (payload: Buffer, message: RegExp, where = topic) =>
    t.throws(() => readIncoming('b', { topic: where, payload }), message)
  refused(Buffer.from('{'), /JSON/)
  refused(json({ ...classifyResult(1), seq: -1 }), /^seq: /)
  refused(json(classifyResult(1, false, 'other')), /payload of other\/street/)
  refused(json(seg([0, 31])), /fill 31 of 32/, 'b/v1/gate-1/cam/street/seg')
  refused(json(classifyResult(1)), /unexpected topic/, 'b/v1/gate-1/cam/street/state')
  t.end()
})

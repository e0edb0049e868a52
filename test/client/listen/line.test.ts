import t from 'tap'
import { type Incoming, readIncoming } from '../../../client/listen/incoming.js'
import { gapText, resultLine } from '../../../client/listen/line.js'
import { classifyResult, eventMessage } from '../box.js'
import { boot, makeBundle, makeFrame } from '../bundle.js'

const read = (kind: string, body: object): Incoming =>
  readIncoming('b', { topic: `b/v1/gate-1/cam/street/${kind}`, payload: Buffer.from(JSON.stringify(body)) })

t.test('a result: the likeliest first, three at most', async (t) => {
  const cls = ['a', 'b', 'c', 'd'].map((label, i) => ({ id: label, label, p: i / 10 }))
  t.equal(
    resultLine(read('cls', { ...classifyResult(7), cls })),
    '2026-05-01T08:00:00.000Z gate-1/street #7 cls d 0.30, c 0.20, b 0.10  0.300 bpp 20 ms',
  )
  const { cls: _, ...body } = classifyResult(7)
  const classes = [
    { id: 0, label: 'road', frac: 0.25 },
    { id: 1, label: 'sky', frac: 0.75 },
  ]
  const seg = { w: 2, h: 2, classes, mask: { enc: 'rle', data: [0, 1, 1, 3] } }
  t.match(resultLine(read('seg', { ...body, seg })), /street #7 seg sky 75%, road 25% {2}0\.300 bpp/)
})

t.test('an event, a bitstream, and what came late', async (t) => {
  const event = eventMessage('street-1', 'end', 3)
  t.equal(
    resultLine(read('evt', event)),
    '2026-05-01T08:00:00.000Z gate-1/street person is gone · yard 12 % · 12.4 s · street-1',
  )
  const payload = makeFrame(makeBundle(t.testdir()), 4)
  const bits = readIncoming('b', { topic: 'b/v1/gate-1/bits/street', payload })
  t.equal(resultLine(bits), `gate-1/street #4 bits ${payload.length} bytes`)
  t.equal(resultLine({ ...bits, hist: true }), `gate-1/street #4 bits ${payload.length} bytes history`)
})

t.test('a box’s words do not drive the terminal', async (t) => {
  const cls = [{ id: 'x', label: 'dog\x1b[2J\nmail', p: 0.9 }]
  const line = resultLine(read('cls', { ...classifyResult(7), cls }))
  t.match(line, /dog \[2J mail 0\.90/)
  t.equal(/\p{Cc}/u.exec(line), null)
})

t.test('a gap, and one of which only the last is certain', async (t) => {
  const gap = { dev: 'gate-1', cam: 'street', boot, kind: 'cls', from: 4, to: 7 } as const
  t.equal(gapText(gap), `gate-1/street cls boot ${boot}: seq 4 to 7`)
  t.match(gapText({ ...gap, to: 4 }), /: seq 4$/)
  t.match(gapText({ ...gap, thinned: true }), /: seq 7, perhaps others from 4 on$/)
})

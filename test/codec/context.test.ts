import t from 'tap'
import { ContextCoder } from '../../codec/context.js'
import { codeOf, sameBytes, seeded } from './samples.js'
import { COUNT, coding, frames, SHAPE } from './scene.js'

const model = coding().model!

for (const profile of ['fast', 'max'] as const) {
  const coder = (shape = SHAPE) => new ContextCoder(model, profile, shape.height, shape.width)

  t.test(`${profile}: frames come back, and predicted ones are smaller`, async (t) => {
    const encoder = coder()
    const decoder = coder()
    const sizes: number[] = []
    frames(1, 30).forEach((frame, i) => {
      const payload = encoder.encode(frame, i % 10 === 0)
      const symbols = new Uint8Array(COUNT).fill(7)
      decoder.decode(payload, symbols, i % 10 === 0)
      t.ok(sameBytes(symbols, frame), `frame ${i}`)
      sizes.push(payload.length)
    })
    t.ok(sizes[1] < sizes[0] / 1.5)
  })

  t.test(`${profile}: a keyframe does not depend on what was coded before`, async (t) => {
    const [first, second] = frames(2, 2, SHAPE, 0.3)
    const used = coder()
    used.encode(second, true)
    used.encode(first, false)
    t.same(used.encode(first, true), coder().encode(first, true))
  })

  t.test(`${profile}: frames of every small and odd size`, async (t) => {
    for (const shape of [
      { height: 1, width: 1 },
      { height: 1, width: 9 },
      { height: 9, width: 1 },
      { height: 2, width: 3 },
      { height: 17, width: 11 },
    ]) {
      const encoder = coder(shape)
      const decoder = coder(shape)
      frames(3, 4, shape, 0.4).forEach((frame, i) => {
        const symbols = new Uint8Array(frame.length)
        decoder.decode(encoder.encode(frame, i === 0), symbols, i === 0)
        t.ok(sameBytes(symbols, frame), `${shape.height} x ${shape.width}, frame ${i}`)
      })
    }
  })

  t.test(`${profile}: nothing happens, nearly nothing is said`, async (t) => {
    const encoder = coder()
    const [frame] = frames(4, 1)
    encoder.encode(frame, true)
    for (let i = 0; i < 20; i++) encoder.encode(frame, false)
    t.ok(encoder.encode(frame, false).length <= 8)
  })

  t.test(`${profile}: noise of all levels costs little more than itself`, async (t) => {
    const random = seeded(9)
    const encoder = coder()
    const decoder = coder()
    for (let i = 0; i < 20; i++) {
      const frame = new Uint8Array(COUNT).map(() => Math.floor(random() * 6))
      const payload = encoder.encode(frame, i < 2)
      t.ok(payload.length < COUNT, `${payload.length} bytes`)
      const symbols = new Uint8Array(COUNT)
      decoder.decode(payload, symbols, i < 2)
      t.ok(sameBytes(symbols, frame))
    }
  })

  t.test(`${profile}: a wrong payload is refused, and no predicted frame follows it`, async (t) => {
    const [frame] = frames(5, 1)
    const payload = coder().encode(frame, true)
    const decoder = coder()
    const symbols = new Uint8Array(COUNT)
    const decode = (bytes: Uint8Array) => codeOf(() => decoder.decode(bytes, symbols, true))
    for (let length = 0; length < payload.length; length++) t.equal(decode(payload.subarray(0, length)), 'payload')
    t.equal(decoder.ready, false)
    t.equal(decode(Uint8Array.of(...payload, 0)), 'payload')
    let accepted = 0
    for (let i = 0; i < payload.length; i++) {
      const bytes = payload.slice()
      bytes[i] ^= 0x40
      if (decode(bytes) === 'none') accepted++
      if (symbols.some((symbol) => symbol >= 6)) t.fail('a symbol that is none')
    }
    t.equal(accepted, 0)
    t.equal(decode(payload), 'none')
    t.same(symbols, frame)
  })
}

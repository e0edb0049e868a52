import { finished } from 'node:stream/promises'
import t from 'tap'
import { FrameCutter } from '../../../agent/capture/frames.js'

const size = 12
const stream = Buffer.from(Array.from({ length: size * 3 + 5 }, (_, i) => i))

for (const piece of [1, 5, size, size * 2 - 1, stream.length]) {
  t.test(`pieces of ${piece} bytes`, async (t) => {
    const frames: number[][] = []
    const cutter = new FrameCutter(
      size,
      () => new Uint8Array(size),
      async ({ rgb }) => {
        await Promise.resolve()
        frames.push([...rgb])
      },
    )
    for (let at = 0; at < stream.length; at += piece) cutter.write(stream.subarray(at, at + piece))
    cutter.end()
    await finished(cutter)
    t.strictSame(
      frames,
      [0, 1, 2].map((i) => [...stream.subarray(i * size, (i + 1) * size)]),
      'the rest is no frame',
    )
  })
}

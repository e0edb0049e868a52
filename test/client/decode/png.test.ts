import { decode } from 'fast-png'
import t from 'tap'
import { encodePng } from '../../../client/decode/png.js'
import { sameBytes } from '../../codec/samples.js'

t.test('every pixel comes back', async (t) => {
  const data = Uint8Array.from({ length: 5 * 3 * 3 }, (_, i) => (i * 37) % 256)
  const png = decode(encodePng({ width: 5, height: 3, data }))
  t.match(png, { width: 5, height: 3, channels: 3, depth: 8 })
  t.ok(sameBytes(Uint8Array.from(png.data), data))
})

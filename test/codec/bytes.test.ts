import t from 'tap'
import { ByteDecoder, ByteEncoder } from '../../codec/bytes.js'

t.test('bytes and shorts come back, in sections', async (t) => {
  const encoder = new ByteEncoder()
  const shorts = [0, -1, 32767, -32768, 300, -300]
  for (const byte of [0, 255, 7]) encoder.byte(byte)
  encoder.shorts(shorts)
  encoder.section()
  encoder.byte(9)
  const decoder = new ByteDecoder(encoder.finish())
  t.same([decoder.byte(), decoder.byte(), decoder.byte()], [0, 255, 7])
  t.same([...decoder.shorts(shorts.length)], shorts)
  decoder.section()
  t.equal(decoder.byte(), 9)
  t.equal(decoder.end(), undefined)
})

t.test('a million zeros are a few kilobytes', async (t) => {
  const encoder = new ByteEncoder()
  for (let i = 0; i < 1e6; i++) encoder.byte(0)
  t.ok(encoder.finish().length < 2000)
})

t.test('what is no code says so', async (t) => {
  t.equal(new ByteDecoder(new Uint8Array(2)).end(), 'short')
  t.equal(new ByteDecoder(new Uint8Array(4)).end(), 'state')
})

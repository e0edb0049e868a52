import t from 'tap'
import { crc32 } from '../../codec/crc32.js'
import { below, seeded } from './samples.js'

/** The slow obvious form: polynomial division, bit by bit. */
function bitwise(bytes: Uint8Array): number {
  let register = 0xffffffff
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const carry = (register ^ (byte >>> bit)) & 1
      register = carry ? (register >>> 1) ^ 0xedb88320 : register >>> 1
    }
  }
  return ~register >>> 0
}

t.test('the check value of the CRC catalogue', async (t) => {
  t.equal(crc32(new TextEncoder().encode('123456789')), 0xcbf43926)
  t.equal(crc32(new Uint8Array(0)), 0)
})

t.test('the same as bit by bit, whole, in part and continued', async (t) => {
  const random = seeded(11)
  for (let length = 0; length < 80; length++) {
    const bytes = Uint8Array.from({ length }, () => below(random, 256))
    t.equal(crc32(bytes), bitwise(bytes))
    const cut = below(random, length + 1)
    t.equal(crc32(bytes, cut), bitwise(bytes.subarray(cut)))
    t.equal(crc32(bytes, cut, length, crc32(bytes, 0, cut)), crc32(bytes))
  }
})

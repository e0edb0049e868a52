import { crc32 } from 'node:zlib'
import t from 'tap'
import {
  Decoder,
  listSegments,
  packFrame,
  packKeyRecord,
  packPredictedRecord,
  readRecord,
  sourceOf,
} from '../../codec/index.js'
import { codeOf, info } from './samples.js'
import { CONTEXT_HASH, coding, frames, join, records } from './scene.js'

const payload = Uint8Array.of(1, 2, 3, 4, 5)
const frame = { ...info, mode: 2 }
const key = packKeyRecord({ profile: 'max', frame, context: CONTEXT_HASH }, payload)
const fields = { profile: 'fast', boot: info.boot, seq: 7, timeUs: 123, position: 3, chain: 0xdeadbeef } as const
const predicted = packPredictedRecord(fields, payload)
const read = (bytes: Uint8Array) => codeOf(() => readRecord(bytes))

t.test('a key record says everything', async (t) => {
  const record = readRecord(key)
  t.match(record, { version: 2, kind: 'key', profile: 'max', seq: info.seq, position: 0, context: CONTEXT_HASH })
  t.same(record.frame, frame)
  t.same(record.payload, payload)
  t.equal(key.length, 64 + info.camera.length + 8 + payload.length)
})

t.test('a predicted record says what it follows, in 46 bytes', async (t) => {
  const { kind, profile, boot, seq, timeUs, position, chain, frame } = readRecord(predicted)
  t.same({ profile, boot, seq, timeUs, position, chain }, fields)
  t.equal(kind, 'predicted')
  t.equal(frame, undefined)
  t.equal(predicted.length, 46 + payload.length)
})

t.test('a record of version 1 is a key of the static profile', async (t) => {
  t.match(readRecord(packFrame(info, payload)), { version: 1, kind: 'key', profile: 'static', frame: info })
  t.equal(readRecord(packFrame({ ...info, mode: 9 }, payload)).profile, undefined)
})

t.test('the CRC is where the layout says', async (t) => {
  for (const bytes of [key, predicted]) {
    const { crc, payload } = readRecord(bytes)
    const header = crc32(bytes.subarray(0, bytes.length - payload.length - 8))
    t.equal(crc, crc32(payload, header))
  }
})

for (const [name, bytes] of Object.entries({ key, predicted })) {
  t.test(`${name}: every cut and every flipped bit is refused`, async (t) => {
    for (let i = 0; i < bytes.length; i++) {
      if (read(bytes.subarray(0, i)) !== 'truncated') t.fail(`cut at ${i}`)
      for (let bit = 1; bit < 256; bit <<= 1) {
        const bad = bytes.slice()
        bad[i] ^= bit
        if (read(bad) === 'none') t.fail(`flip of ${bit} at ${i}`)
      }
    }
    t.equal(read(Uint8Array.of(...bytes, 0)), 'trailing')
  })

  t.test(`${name}: any byte of a sealed header may be anything`, async (t) => {
    const headerLength = bytes.length - payload.length - 8
    for (let i = 4; i < headerLength; i++) {
      for (const value of [0, 1, 127, 128, 255]) {
        const bad = bytes.slice()
        bad[i] = value
        const view = new DataView(bad.buffer)
        view.setUint32(headerLength, crc32(bad.subarray(0, headerLength)), true)
        const body = bad.subarray(headerLength + 4, -4)
        view.setUint32(bad.length - 4, crc32(body, view.getUint32(headerLength, true)), true)
        t.match(read(bad), /none|header|mode|truncated|version|trailing|checksum/)
      }
    }
  })
}

t.test('what cannot be said is not packed', async (t) => {
  const packKey = (change: object) =>
    codeOf(() => packKeyRecord({ profile: 'max', frame, context: CONTEXT_HASH, ...change }, payload))
  t.equal(packKey({ profile: 'static' }), 'argument')
  t.equal(packKey({ context: '0000000000000000' }), 'argument')
  t.equal(packKey({ context: 'x' }), 'argument')
  t.equal(packKey({ frame: { ...frame, width: 7 } }), 'argument')
  for (const change of [
    { position: 0 },
    { position: 4096, seq: 9999 },
    { position: 8 },
    { chain: -1 },
    { boot: '' },
    { seq: -1 },
    { timeUs: 0.5 },
    { profile: 'static' },
  ]) {
    t.equal(
      codeOf(() => packPredictedRecord({ ...fields, ...(change as object) }, payload)),
      'argument',
      JSON.stringify(change),
    )
  }
})

t.test('a profile of a later release: read and passed over, not decoded', async (t) => {
  const [bytes, next] = records(frames(1, 2), 'fast', 2)
  const later = bytes.slice()
  later[5] = 7
  const view = new DataView(later.buffer)
  const headerLength = view.getUint16(6, true)
  const header = crc32(later.subarray(0, headerLength))
  view.setUint32(headerLength, header, true)
  view.setUint32(later.length - 4, crc32(later.subarray(headerLength + 4, -4), header), true)
  const record = readRecord(later)
  t.match(record, { kind: 'key', profile: undefined, frame: { mode: 7, camera: info.camera } })
  t.equal(
    codeOf(() => new Decoder(coding()).decode(record)),
    'mode',
  )
  t.strictSame(
    [...listSegments(sourceOf(join(later, bytes, next)))].map(({ frames }) => frames.length),
    [1, 2],
  )
})

/**
 * Streams in git that every later release must read and write bit for bit. UPDATE_GOLDEN=1 writes those that do not exist
 * yet; to change one means to break the archives of our users, so remove it by hand first, and do not.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import t from 'tap'
import {
  Decoder,
  decodeSymbols,
  Encoder,
  type FrameInfo,
  Packer,
  PROFILES,
  packFrame,
  packSegment,
  readArchive,
  readFrame,
  readFrames,
  StaticCoder,
  type StaticTables,
} from '../../codec/index.js'
import { openBundle } from '../../contract/bundle.js'
import { codingOf } from '../../contract/coding.js'
import { codeOf, draw, info, peaked, sample, seeded } from './samples.js'
import { CONTEXT_HASH, COUNT, codingWith, frames, infoAt, SHAPE, trainedFile } from './scene.js'

const at = (name: string): string => fileURLToPath(new URL(`../fixtures/codec/${name}`, import.meta.url))

function golden(name: string, make: () => Uint8Array | string): Buffer {
  if (process.env.UPDATE_GOLDEN === '1' && !existsSync(at(name))) writeFileSync(at(name), make())
  return readFileSync(at(name))
}

t.test('golden stream: two static records of 16 x 28 x 28 and 16 x 24 x 40', async (t) => {
  const infos: FrameInfo[] = [
    { ...info, seq: 0, width: 224, height: 224, channels: 16 },
    { ...info, seq: 1, width: 320, height: 192, channels: 16, timeUs: info.timeUs + 100_000, camera: 'dock' },
  ]
  const made = peaked(16, 6, 12, 1.5)
  const tables: StaticTables = JSON.parse(
    golden('static-v1.entropy.json', () => `${JSON.stringify(made)}\n`).toString(),
  )
  const coder = new StaticCoder(tables)
  const symbols = golden('static-v1.symbols.bin', () =>
    Buffer.concat([draw(made, 784, seeded(1)), draw(made, 960, seeded(2))]),
  )
  const planes = [symbols.subarray(0, 16 * 784), symbols.subarray(16 * 784)]
  const stream = golden('static-v1.bin', () =>
    Buffer.concat(infos.map((info, i) => packFrame(info, coder.encode(planes[i])))),
  )
  const frames = [...readFrames(stream)]
  t.same(
    frames.map((frame) => frame.info),
    infos,
  )
  for (const [i, frame] of frames.entries()) {
    t.ok(Buffer.from(decodeSymbols(coder, frame)).equals(planes[i]), `symbols of record ${i}`)
  }
  const again = Buffer.concat(infos.map((info, i) => packFrame(info, coder.encode(planes[i]))))
  t.ok(again.equals(stream), 'written the same today')
})

t.test('golden record: every cut and every flipped bit is refused', async (t) => {
  const bytes = golden('record-v1.bin', () => sample().record)
  t.same(decodeSymbols(sample().coder, readFrame(bytes)), sample().symbols)
  for (let i = 0; i < bytes.length; i++) {
    if (codeOf(() => readFrame(bytes.subarray(0, i))) !== 'truncated') t.fail(`cut at ${i}`)
    for (let bit = 1; bit < 256; bit <<= 1) {
      bytes[i] ^= bit
      if (codeOf(() => readFrame(bytes)) === 'none') t.fail(`flip of ${bit} at ${i}`)
      bytes[i] ^= bit
    }
  }
})

t.test('golden stream: segments of version 2, all profiles, key and predicted', async (t) => {
  const model = golden('context-v1.bin', trainedFile)
  const symbols = golden('segments-v2.symbols.bin', () => Buffer.concat(frames(21, 8)))
  const made = Array.from({ length: 8 }, (_, i) => symbols.subarray(i * COUNT, (i + 1) * COUNT))
  const coding = codingWith(model)
  for (const profile of PROFILES) {
    const pack = () => {
      const encoder = new Encoder(profile, coding, SHAPE)
      const packer = new Packer(CONTEXT_HASH)
      const records = made.map((frame, i) => packer.pack(infoAt(i), encoder.encode(frame, { key: i % 4 === 0 })))
      // The first segment with an index block, the second as bare records.
      const first = profile === 'static' ? 1 : 4
      return Buffer.concat([packSegment(records.slice(0, first)), ...records.slice(first)])
    }
    const stream = golden(`segments-${profile}-v2.bin`, pack)
    const decoder = new Decoder(coding)
    let seq = 0
    for (const piece of readArchive(stream)) {
      if (piece.kind === 'index') continue
      if (piece.kind === 'damage') throw piece.error
      const decoded = decoder.decode(piece)
      t.match(decoded.frame, { ...infoAt(seq), mode: decoded.frame.mode })
      t.ok(Buffer.from(decoded.symbols).equals(made[seq]), `${profile}, symbols of record ${seq}`)
      seq++
    }
    t.equal(seq, 8)
    t.ok(pack().equals(stream), 'written the same today')
  }
})

/**
 * The bundle that people have, and real symbols: the first four frames of the bench's street clip at 448x256. Retraining
 * the bundle's context model in place would make every archive coded with it unreadable; this is where that shows.
 */
t.test('golden stream: a segment of a real camera with the bundle lean-1', async (t) => {
  const bundle = openBundle(fileURLToPath(new URL('../../models/bundles/lean-1', import.meta.url)))
  const coding = codingOf(bundle)
  const hashes: string[] = JSON.parse(readFileSync(at('lean-1-v2.sha256.json'), 'utf8'))
  for (const profile of ['fast', 'max'] as const) {
    const stream = readFileSync(at(`lean-1-${profile}-v2.bin`))
    const decoder = new Decoder(coding)
    const encoder = new Encoder(profile, coding, { height: 32, width: 56 })
    const packer = new Packer(coding.contextHash)
    const again: Uint8Array[] = []
    for (const piece of readArchive(stream)) {
      if (piece.kind === 'damage') throw piece.error
      if (piece.kind === 'index') continue
      const { symbols, frame } = decoder.decode(piece)
      t.equal(
        createHash('sha256').update(symbols).digest('hex'),
        hashes[again.length],
        `${profile}, frame ${frame.seq}`,
      )
      again.push(packer.pack(frame, encoder.encode(symbols)))
    }
    t.ok(Buffer.from(packSegment(again)).equals(stream), 'written the same today')
  }
})

const headerLength = 56 + info.camera.length

/** The sample record with one fault put in; with `sealed` both CRCs are made right again, as a faulty writer would. */
function faulty(edit: (bytes: Uint8Array) => void, sealed = false): Uint8Array {
  const bytes = sample().record
  edit(bytes)
  if (sealed) {
    const view = new DataView(bytes.buffer)
    const header = crc32(bytes.subarray(0, headerLength))
    view.setUint32(headerLength, header, true)
    view.setUint32(bytes.length - 4, crc32(bytes.subarray(headerLength + 4, -4), header), true)
  }
  return bytes
}

const set =
  (offset: number, ...values: number[]) =>
  (bytes: Uint8Array): void =>
    bytes.set(values, offset)

/** Named by the fault. The code is that of reading, or else that of decoding. */
const regressions: [name: string, code: string, make: () => Uint8Array][] = [
  ['crc-mismatch', 'checksum', () => faulty((bytes) => set(headerLength + 9, bytes[headerLength + 9] ^ 0x10)(bytes))],
  ['header-crc-mismatch', 'checksum', () => faulty(set(36, 1))],
  [
    'spliced-header',
    'checksum',
    () => faulty((bytes) => bytes.set(packFrame({ ...info, seq: 1 }, sample().payload).subarray(0, headerLength + 4))),
  ],
  ['truncated-header', 'truncated', () => sample().record.slice(0, 40)],
  ['truncated-payload', 'truncated', () => sample().record.slice(0, -9)],
  ['trailing-newline', 'trailing', () => Uint8Array.of(...sample().record, 10)],
  ['wrong-magic', 'magic', () => faulty(set(0, 0x89, 0x50, 0x4e, 0x47))],
  ['seventh-bit-stripped', 'magic', () => sample().record.map((byte) => byte & 0x7f)],
  ['newer-version', 'version', () => faulty(set(4, 2), true)],
  ['unknown-mode', 'mode', () => faulty(set(5, 7), true)],
  ['header-length-overrun', 'header', () => faulty(set(6, 0xff, 0xff), true)],
  ['record-length-overrun', 'header', () => faulty(set(8, 0xff, 0xff, 0xff, 0xff), true)],
  ['zero-width', 'header', () => faulty(set(48, 0, 0), true)],
  ['zero-stride', 'header', () => faulty(set(54, 0), true)],
  ['odd-height', 'header', () => faulty(set(50, 49), true)],
  ['time-over-2-53', 'header', () => faulty(set(46, 0x20), true)],
  ['camera-uppercase', 'header', () => faulty(set(56, 0x47), true)],
  ['latent-too-large', 'header', () => faulty(set(48, 0, 0x20, 0, 0x20, 255), true)],
  ['other-channels', 'tables', () => faulty(set(52, 4), true)],
  ['state-below-interval', 'payload', () => faulty(set(headerLength + 4, 0, 0, 0, 0), true)],
  ['state-above-interval', 'payload', () => faulty(set(headerLength + 4, 255, 255, 255, 255), true)],
  ['payload-of-larger-frame', 'payload', () => faulty(set(50, 40), true)],
  ['payload-of-smaller-frame', 'payload', () => faulty(set(50, 56), true)],
]
for (const [name, code, make] of regressions) {
  t.test(`regression: ${name} is refused as ${code}`, async (t) => {
    const bytes = golden(`${name}.bin`, make)
    const { coder } = sample()
    t.equal(
      codeOf(() => decodeSymbols(coder, readFrame(bytes))),
      code,
    )
  })
}

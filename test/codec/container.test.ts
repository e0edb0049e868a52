import { crc32 as zlibCrc32 } from 'node:zlib'
import t from 'tap'
import { decodeSymbols, FORMAT, type Frame, packFrame, readFrame, readFrames } from '../../codec/index.js'
import { below, codeOf, draw, info, sample, seeded, tables } from './samples.js'
import { STEP } from './step.js'

const join = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]))

t.test('names the format', async (t) => {
  t.equal(FORMAT, 'blindsight.frame.v1')
})

t.test('the layout of FORMAT.md, written out by hand', async (t) => {
  const payload = Uint8Array.of(0xde, 0xad)
  const header = Buffer.from(
    `ab425346 01 00 4000 4a000000 ${info.bundle} ${info.tables} ${info.boot} 00286bee 4022224648470600 4000 3000 03 06 08 08 `.replaceAll(
      ' ',
      '',
    ) + Buffer.from(info.camera).toString('hex'),
    'hex',
  )
  const crc = (bytes: Uint8Array): Uint8Array => {
    const out = Buffer.alloc(4)
    out.writeUInt32LE(zlibCrc32(bytes))
    return out
  }
  const expected = join(header, crc(header), payload, crc(join(header, payload)))
  t.same(packFrame(info, payload), expected)
  t.equal(expected.length, 64 + info.camera.length + payload.length)
})

t.test('info, payload and length come back', async (t) => {
  const { payload, record } = sample()
  const frame = readFrame(record)
  t.same(frame.info, info)
  t.same(frame.payload, payload)
  t.equal(frame.length, record.length)
})

t.test('the payload is a view: no copy of what was read, also from a Buffer', async (t) => {
  const { record, payload } = sample()
  const buffer = Buffer.concat([Buffer.alloc(5), record]).subarray(5)
  const frame = readFrame(buffer)
  t.equal(frame.payload.buffer, buffer.buffer)
  t.equal(Object.getPrototypeOf(frame.payload), Uint8Array.prototype)
  t.same(frame.payload, payload)
})

t.test('every truncation is a CodecError', async (t) => {
  const { record } = sample()
  for (let length = 0; length < record.length; length++) {
    t.equal(
      codeOf(() => readFrame(record.slice(0, length))),
      'truncated',
    )
    t.equal(
      codeOf(() => [...readFrames(record.slice(0, length))]),
      length ? 'truncated' : 'none',
    )
  }
})

t.test(`every changed byte, in ${STEP === 1 ? 'all 255' : '51'} ways, is a CodecError`, async (t) => {
  const { record } = sample()
  const seen = new Map<string, number>()
  for (let at = 0; at < record.length; at++) {
    for (let flip = 1 + (at % STEP); flip < 256; flip += STEP) {
      record[at] ^= flip
      const code = codeOf(() => readFrame(record))
      record[at] ^= flip
      seen.set(code, (seen.get(code) ?? 0) + 1)
    }
  }
  t.same([...seen.keys()].sort(), ['checksum', 'header', 'magic', 'version'])
})

t.test('a changed byte of a view never reads outside of it', async (t) => {
  const { record } = sample()
  const whole = join(record, record, record)
  const view = whole.subarray(record.length, 2 * record.length)
  for (let at = 0; at < view.length; at++) {
    view[at] ^= 0x55
    if (codeOf(() => readFrame(view)) === 'none') t.fail(`byte ${at}`)
    view[at] ^= 0x55
  }
  t.equal(readFrame(view).length, record.length)
})

t.test('thousands of seeded mutations: refused with a CodecError, or nothing was changed', async (t) => {
  const { coder, record, symbols } = sample()
  const random = seeded(2024)
  let read = 0
  for (let round = 0; round < 20_000 / STEP; round++) {
    const bytes = mutate(record, random)
    codeOf(() => {
      const frame = readFrame(bytes)
      t.same(bytes, record)
      t.same(decodeSymbols(coder, frame), symbols)
      read++
    })
  }
  t.ok(read < 200 / STEP, `${read} were unchanged`)
})

t.test('mutated payloads behind a right CRC: a CodecError, or the one code of other symbols', async (t) => {
  const { coder, payload } = sample()
  const random = seeded(77)
  let accepted = 0
  for (let round = 0; round < 5000 / STEP; round++) {
    const frame = readFrame(packFrame(info, mutate(payload, random)))
    codeOf(() => {
      const symbols = decodeSymbols(coder, frame)
      t.same(coder.encode(symbols), frame.payload)
      accepted++
    })
  }
  t.ok(accepted < 100 / STEP, `${accepted} accepted`)
})

t.test('mutated headers behind a right CRC: a CodecError, or a header within its limits', async (t) => {
  const { coder, payload, record } = sample()
  const random = seeded(78)
  const headerLength = 56 + info.camera.length
  const seen = new Set<string>()
  for (let round = 0; round < 5000 / STEP; round++) {
    const bytes = record.slice()
    for (let n = 1 + below(random, 3); n > 0; n--) bytes[4 + below(random, headerLength - 4)] = below(random, 256)
    const view = new DataView(bytes.buffer)
    const header = zlibCrc32(bytes.subarray(0, headerLength))
    view.setUint32(headerLength, header, true)
    view.setUint32(bytes.length - 4, zlibCrc32(payload, header), true)
    seen.add(
      codeOf(() => {
        const frame = readFrame(bytes)
        seen.add(codeOf(() => decodeSymbols(coder, frame)))
      }),
    )
  }
  t.comment([...seen].join(' '))
  t.ok(seen.has('header') && seen.has('mode') && seen.has('tables'))
})

t.test('the header of one record does not pass before the payload of another', async (t) => {
  const { payload } = sample()
  const one = packFrame(info, payload)
  const two = packFrame(
    { ...info, seq: 7 },
    payload.map((byte) => byte ^ 1),
  )
  const body = 60 + info.camera.length
  t.equal(
    codeOf(() => readFrame(join(one.subarray(0, body), two.subarray(body)))),
    'checksum',
  )
})

t.test('trailing bytes', async (t) => {
  const { record } = sample()
  for (const extra of [1, 4, record.length]) {
    const bytes = join(record, new Uint8Array(extra))
    t.throws(() => readFrame(bytes), {
      code: 'trailing',
      message: new RegExp(`${extra} bytes .* byte ${record.length}`),
    })
  }
  t.equal(
    codeOf(() => readFrame(join(record, record))),
    'trailing',
  )
})

t.test('concatenated records, of several sizes', async (t) => {
  const { coder } = sample()
  const planes = [1, 48, 300]
  const symbols = planes.map((plane, seq) => draw(tables, plane, seeded(seq)))
  const records = planes.map((plane, seq) =>
    packFrame({ ...info, seq, width: 8 * plane, height: 8, camera: 'c'.repeat(seq + 1) }, coder.encode(symbols[seq])),
  )
  const frames = [...readFrames(join(...records))]
  t.same(
    frames.map((frame) => frame.info.seq),
    [0, 1, 2],
  )
  t.same(
    frames.map((frame) => frame.length),
    records.map((record) => record.length),
  )
  t.same(
    frames.map((frame) => decodeSymbols(coder, frame)),
    symbols,
  )
  t.same([...readFrames(new Uint8Array(0))], [])
})

t.test('records before a fault are read, then the error names the byte', async (t) => {
  const { record } = sample()
  const n = record.length
  const cut = join(record, record, record.subarray(0, 30))
  const read: Frame[] = []
  t.throws(
    () => {
      for (const frame of readFrames(cut)) read.push(frame)
    },
    { code: 'truncated', message: new RegExp(`record at byte ${2 * n} is cut off at byte ${2 * n + 30}`) },
  )
  t.equal(read.length, 2)
  const damaged = join(record, record)
  damaged[n + 70] ^= 1
  t.throws(() => [...readFrames(damaged)], {
    code: 'checksum',
    message: new RegExp(`record at byte ${n}: .*byte ${2 * n - 4}`),
  })
  t.throws(() => [...readFrames(join(record, Uint8Array.of(0xab, 0)))], {
    code: 'magic',
    message: new RegExp(`byte ${n + 1}\\)`),
  })
})

t.test('a length over the cap is refused before it is waited for', async (t) => {
  const { record } = sample()
  const bytes = record.slice()
  const view = new DataView(bytes.buffer)
  for (const length of [0, 60, 64 + info.camera.length - 1, 2 ** 28 + 1, 2 ** 32 - 1]) {
    view.setUint32(8, length, true)
    view.setUint32(56 + info.camera.length, zlibCrc32(bytes.subarray(0, 56 + info.camera.length)), true)
    t.equal(
      codeOf(() => readFrame(bytes)),
      'header',
    )
  }
})

/** A few random edits: bits, bytes, cuts, insertions, swaps of stretches. */
function mutate(original: Uint8Array, random: () => number): Uint8Array {
  let bytes = [...original]
  for (let n = 1 + below(random, 3); n > 0; n--) {
    const at = below(random, bytes.length)
    const kind = below(random, 5)
    if (kind === 0) bytes[at] ^= 1 << below(random, 8)
    if (kind === 1) bytes[at] = below(random, 256)
    if (kind === 2) bytes = bytes.slice(0, Math.max(1, at))
    if (kind === 3) bytes.splice(at, 0, below(random, 256))
    if (kind === 4) bytes.splice(at, 0, ...bytes.splice(below(random, bytes.length), 1 + below(random, 8)))
    if (bytes.length === 0) bytes = [0]
  }
  return Uint8Array.from(bytes)
}

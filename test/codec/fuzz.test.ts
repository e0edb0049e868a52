/**
 * Damaged and made-up bytes: always a CodecError or a damage report, in bounded time, and never symbols that are not the
 * ones that were coded. fuzz.long.ts is the long run.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import {
  CodecError,
  Decoder,
  Encoder,
  type FrameRecord,
  findFrame,
  listSegments,
  Packer,
  type Piece,
  packSegment,
  readArchive,
  readContextModel,
  readRecord,
  sourceOf,
} from '../../codec/index.js'
import { openBundle } from '../../contract/bundle.js'
import { codingOf } from '../../contract/coding.js'
import { info, seeded } from './samples.js'

const bundle = openBundle(join(import.meta.dirname, '..', '..', 'models', 'bundles', 'lean-1'))
const coding = codingOf(bundle)
const runs = Number(process.env.FUZZ_RUNS ?? 500)
/** Of the bits of a file, in the short form every thirteenth: all eight of a byte come, in other bytes. */
const step = runs > 500 ? 1 : 13
const shape = { height: 4, width: 6 }
const count = 16 * 24

/** Three segments of four frames, one of each profile, each with its index: small, so that most mutations hit something. */
function makeFile(): { file: Uint8Array; symbols: Uint8Array[] } {
  const random = seeded(5)
  const symbols: Uint8Array[] = []
  const parts: Uint8Array[] = []
  for (const profile of ['static', 'fast', 'max'] as const) {
    const encoder = new Encoder(profile, coding, shape)
    const packer = new Packer(coding.contextHash)
    const frames = 4
    const records: Uint8Array[][] = []
    for (let i = 0; i < frames; i++) {
      const before = symbols.at(-1)
      const now = new Uint8Array(count).map((_, j) =>
        before && random() < 0.9 ? before[j]! : Math.floor(random() * 6),
      )
      const seq = symbols.push(now) - 1
      const coded = encoder.encode(now)
      const frame = {
        ...info,
        seq,
        timeUs: 1e15 + seq,
        width: 48,
        height: 32,
        channels: 16,
        levels: 6,
        stride: 8,
        tables: coding.tablesHash,
      }
      const record = packer.pack(frame, coded)
      if (coded.key) records.push([record])
      else records.at(-1)!.push(record)
    }
    parts.push(...records.map((segment) => packSegment(segment)))
  }
  return { file: Buffer.concat(parts), symbols }
}

const { file, symbols } = makeFile()

const originals = new Map<number, Uint8Array>()
for (const piece of readArchive(file)) if (isRecord(piece)) originals.set(piece.seq, recordOf(file, piece))

/**
 * Reads bytes by every door. @returns how many frames can be had.
 *
 * Starting a coder takes milliseconds, so what is byte for byte an original record, behind its original predecessor, is
 * decoded only if `thorough`: the same bytes in the same state give the same symbols.
 */
function readAll(bytes: Uint8Array, thorough = false): number {
  const pieces = [...readArchive(bytes)].filter(isRecord)
  const strange = pieces.some((piece, i) => {
    const follows = piece.kind === 'key' || pieces[i - 1]?.seq === piece.seq - 1
    const original = originals.get(piece.seq)
    return !follows || !original || !Buffer.from(original).equals(recordOf(bytes, piece))
  })
  let frames = pieces.length
  if (thorough || strange) {
    frames = 0
    const decoder = new Decoder(coding)
    for (const piece of pieces) {
      guarded(() => {
        const { frame, symbols: now } = decoder.decode(piece)
        frames++
        const same = Buffer.from(now).equals(symbols[frame.seq] ?? Buffer.alloc(0))
        if (!same) throw new Error(`frame ${frame.seq} was decoded into something else`)
      })
    }
  }
  const source = sourceOf(bytes)
  for (const segment of listSegments(source)) if (segment.frames.length === 0) throw new Error('a segment of nothing')
  guarded(() => findFrame(source, { camera: info.camera, boot: info.boot, seq: 3 }))
  guarded(() => readRecord(bytes))
  return frames
}

function isRecord(piece: Piece): piece is FrameRecord {
  return piece.kind === 'key' || piece.kind === 'predicted'
}

function recordOf(bytes: Uint8Array, { offset, length }: { offset: number; length: number }): Uint8Array {
  return bytes.subarray(offset, offset + length)
}

function guarded(work: () => unknown): void {
  try {
    work()
  } catch (error) {
    if (!(error instanceof CodecError)) throw error
  }
}

t.test('whole', async (t) => t.equal(readAll(file, true), 12))

t.test(`cut at every ${step === 1 ? '' : 'thirteenth '}byte: what came before the cut is still there`, async (t) => {
  let most = 0
  for (let length = 0; length < file.length; length += step) {
    const frames = readAll(file.subarray(0, length))
    if (frames < most) t.fail(`${frames} frames of ${length} bytes`)
    most = frames
  }
  t.ok(most < 12 && most >= 11, `${most}`)
  t.equal(readAll(file.subarray(0, file.length)), 12)
})

t.test(`${step === 1 ? 'every' : 'every thirteenth'} bit flipped: at most one segment is lost`, async (t) => {
  const bytes = Uint8Array.from(file)
  for (let at = 0; at < bytes.length * 8; at += step) {
    const [i, bit] = [at >> 3, at & 7]
    bytes[i]! ^= 1 << bit
    const frames = readAll(bytes)
    if (frames < 8) t.fail(`byte ${i} bit ${bit}: only ${frames} frames`)
    bytes[i]! ^= 1 << bit
  }
})

const seed = Number(process.env.FUZZ_SEED ?? 1)

t.test(`${runs} random mutations, FUZZ_SEED ${seed}`, async (t) => {
  const random = seeded(seed)
  const below = (n: number) => Math.floor(random() * n)
  const started = performance.now()
  let slowest = 0
  for (let run = 0; run < runs; run++) {
    let bytes = Uint8Array.from(file)
    for (let n = 1 + below(4); n > 0; n--) {
      const at = below(bytes.length)
      const kind = below(6)
      if (kind === 0) bytes[at]! ^= 1 << below(8)
      else if (kind === 1) bytes[at] = below(256)
      else if (kind === 2) bytes = bytes.slice(0, at + 1)
      else if (kind === 3) bytes.copyWithin(at, below(bytes.length), bytes.length)
      else if (kind === 4) bytes.fill(below(2) * 255, at, at + below(16))
      else bytes = new Uint8Array(Buffer.concat([bytes.subarray(0, at), bytes.subarray(below(bytes.length))]))
    }
    const before = performance.now()
    readAll(bytes, run % 250 === 0)
    slowest = Math.max(slowest, performance.now() - before)
  }
  t.pass(`${runs} in ${((performance.now() - started) / 1000).toFixed(1)} s, the slowest took ${slowest.toFixed(1)} ms`)
})

t.test('payloads with a right checksum, as of a faulty writer', async () => {
  const faulty = { minLength: 0, maxLength: 200 }
  const property = fc.property(fc.uint8Array(faulty), fc.constantFrom('static', 'fast', 'max'), (payload, profile) => {
    const packer = new Packer(coding.contextHash)
    const frame = {
      ...info,
      seq: 0,
      width: 48,
      height: 32,
      channels: 16,
      levels: 6,
      stride: 8,
      tables: coding.tablesHash,
    }
    const record = packer.pack(frame, { payload, profile: profile as 'fast', key: true, position: 0 })
    guarded(() => {
      const { symbols } = new Decoder(coding).decode(readRecord(record))
      if (symbols.length !== count || symbols.some((s) => s >= 6)) throw new Error('symbols that are none')
    })
  })
  fc.assert(property, { numRuns: Math.ceil(2000 / step), seed: 1 })
})

/** The same faults in what people have: nothing is taken for sound but what was there. */
for (const name of ['record-v1', 'static-v1', 'segments-static-v2', 'segments-fast-v2', 'segments-max-v2']) {
  t.test(`golden stream ${name}: cut and flipped at every ${step === 1 ? '' : 'thirteenth '}byte`, async (t) => {
    const whole = readFileSync(join(import.meta.dirname, '..', 'fixtures', 'codec', `${name}.bin`))
    const sound = new Set([...readArchive(whole)].filter(isRecord).map((piece) => hexOf(whole, piece)))
    const readAndCompare = (bytes: Uint8Array, what: string) => {
      const pieces = [...readArchive(bytes)].filter(isRecord)
      if (pieces.some((piece) => !sound.has(hexOf(bytes, piece)))) t.fail(`${what}: something else was read`)
      for (const segment of listSegments(sourceOf(bytes))) if (segment.frames.length === 0) t.fail(`${what}: no frames`)
      guarded(() => readRecord(bytes))
      return pieces.length
    }
    t.equal(readAndCompare(whole, 'whole'), sound.size)
    for (let at = 0; at < whole.length; at += step) {
      if (readAndCompare(whole.subarray(0, at), `cut at ${at}`) === sound.size) t.fail(`cut at ${at}: nothing missing`)
      whole[at]! ^= 1 << (at % 8)
      readAndCompare(whole, `byte ${at} flipped`)
      whole[at]! ^= 1 << (at % 8)
    }
  })
}

const hexOf = (bytes: Uint8Array, piece: FrameRecord) => Buffer.from(recordOf(bytes, piece)).toString('hex')

/** Both CRCs of a record or an index block made right again; where the first lies is found before anything is changed. */
function sealer(bytes: Uint8Array): (changed: Uint8Array) => void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let head = 8
  while (crc32(bytes.subarray(0, head)) !== view.getUint32(head, true)) head++
  return (changed) => {
    const out = new DataView(changed.buffer, changed.byteOffset, changed.length)
    const crc = crc32(changed.subarray(0, head))
    out.setUint32(head, crc, true)
    out.setUint32(changed.length - 4, crc32(changed.subarray(head + 4, -4), crc), true)
  }
}

t.test('changed and sealed again, as of a faulty writer', async (t) => {
  const random = seeded(Number(process.env.FUZZ_SEED ?? 2))
  const below = (n: number) => Math.floor(random() * n)
  const pieces = [...readArchive(file)].flatMap((piece) =>
    piece.kind === 'damage'
      ? []
      : [{ at: piece.offset, end: piece.offset + (piece.kind === 'index' ? piece.index.blockLength : piece.length) }],
  )
  const seals = pieces.map(({ at, end }) => sealer(Uint8Array.from(file.subarray(at, end))))
  let slowest = 0
  let decoded = 0
  for (let run = 0; run < Math.max(1000 / step, runs / 20); run++) {
    const bytes = Uint8Array.from(file)
    const which = below(pieces.length)
    const { at, end } = pieces[which]!
    const changed = bytes.subarray(at, end)
    for (let n = 1 + below(3); n > 0; n--) {
      const head = Math.min(80, changed.length)
      changed[random() < 0.8 ? 4 + below(head - 4) : below(changed.length)] = random() < 0.3 ? 255 : below(256)
    }
    seals[which]!(changed)
    const before = performance.now()
    const decoder = new Decoder(coding)
    for (const piece of readArchive(bytes)) {
      if (!isRecord(piece)) continue
      guarded(() => {
        const { frame, symbols: now } = decoder.decode(piece)
        const size = (frame.channels * frame.width * frame.height) / frame.stride ** 2
        if (now.length !== size || now.some((symbol) => symbol >= frame.levels))
          throw new Error('symbols that are none')
        decoded++
      })
    }
    const source = sourceOf(bytes)
    for (const segment of listSegments(source)) if (segment.frames.length === 0) throw new Error('a segment of nothing')
    guarded(() => findFrame(source, { camera: info.camera, boot: info.boot, seq: 3 }))
    slowest = Math.max(slowest, performance.now() - before)
  }
  t.ok(decoded > 0, `the slowest took ${slowest.toFixed(1)} ms`)
})

t.test('context models that are none', async () => {
  const model = readFileSync(join(bundle.dir, 'context.bin'))
  const mutation = fc.record({ at: fc.nat(model.length - 1), value: fc.nat(255), cut: fc.boolean() })
  const property = fc.property(mutation, ({ at, value, cut }) => {
    const bytes = cut ? model.subarray(0, at) : Uint8Array.from(model)
    if (!cut) bytes[at] = value
    guarded(() => readContextModel(bytes))
  })
  fc.assert(property, { numRuns: 30, seed: 1 })
})

import t from 'tap'
import { crc32 } from '../../codec/crc32.js'
import { type ByteSource, Decoder, findFrame, listSegments, readArchive, sourceOf } from '../../codec/index.js'
import { packKeyRecord, packPredictedRecord } from '../../codec/record.js'
import { info, sameBytes } from './samples.js'
import { coding, frames, infoAt, join, records, segments } from './scene.js'
import { STEP } from './step.js'

const symbols = frames(1, 20)
const all = records(symbols, 'max', 5)
const parts = segments(all, 5)
const indexed = join(...parts)
const bare = join(...all)

for (const [name, file] of Object.entries({
  indexed,
  bare,
  mixed: join(parts[0], ...all.slice(5, 10), parts[2], parts[3]),
})) {
  t.test(`${name}: every segment is listed`, async (t) => {
    const list = [...listSegments(sourceOf(file))]
    t.same(
      list.map(({ seq, frames }) => [seq, frames.length]),
      [0, 5, 10, 15].map((seq) => [seq, 5]),
    )
    t.equal(list.at(-1)!.offset + list.at(-1)!.length, file.length)
    for (const { frames, seq } of list) {
      frames.forEach(({ offset, timeUs }, i) => {
        t.ok(sameBytes(file.subarray(offset, offset + all[seq + i].length), all[seq + i]))
        t.equal(timeUs, infoAt(seq + i).timeUs)
      })
    }
  })

  t.test(`${name}: any frame decodes from its segment alone`, async (t) => {
    for (let seq = 0; seq < 20; seq++) {
      const found = findFrame(sourceOf(file), { camera: info.camera, boot: info.boot, seq })!
      t.equal(found.position, seq % 5)
      const { offset, length } = found.segment
      const decoder = new Decoder(coding())
      const decoded = [...readArchive(file.subarray(offset, offset + length))].flatMap((piece) =>
        piece.kind === 'key' || piece.kind === 'predicted' ? [decoder.decode(piece)] : [],
      )
      t.ok(sameBytes(decoded[found.position].symbols, symbols[seq]))
    }
  })
}

t.test('by time: the last frame at or before it', async (t) => {
  const at = (timeUs: number) => {
    const found = findFrame(sourceOf(indexed), { camera: info.camera, timeUs })
    return found && found.segment.seq + found.position
  }
  t.equal(at(infoAt(0).timeUs - 1), undefined)
  for (let seq = 0; seq < 20; seq++) t.same([at(infoAt(seq).timeUs), at(infoAt(seq).timeUs + 99_999)], [seq, seq])
  t.equal(findFrame(sourceOf(indexed), { camera: 'another', timeUs: infoAt(9).timeUs }), undefined)
})

t.test('one frame is found without reading the rest', async (t) => {
  let bytes = 0
  const counted: ByteSource = {
    length: indexed.length,
    read(offset, length) {
      bytes += Math.min(length, indexed.length - offset)
      return indexed.subarray(offset, offset + length)
    },
  }
  t.ok(findFrame(counted, { camera: info.camera, boot: info.boot, seq: 19 }))
  t.ok(bytes < 4 * 800, `${bytes} of ${indexed.length} bytes read`)
})

t.test('damage hides at most its own segment', async (t) => {
  const bytes = indexed.slice()
  for (let i = 0; i < bytes.length; i += STEP) {
    bytes[i] ^= 0x04
    const seqs = [...listSegments(sourceOf(bytes))].map(({ seq }) => seq)
    if ([0, 5, 10, 15].filter((seq) => !seqs.includes(seq)).length > 1) t.fail(`byte ${i}: ${seqs}`)
    bytes[i] ^= 0x04
  }
})

t.test('a cut segment does not hide the next', async (t) => {
  const [short] = segments(records(frames(2, 1), 'max', 1, 90), 1)
  for (const [what, first] of [
    ['with index block', parts[0]],
    ['bare records', join(...all.slice(0, 5))],
  ] as const) {
    for (const next of [parts[1], short, all[5]]) {
      const wanted = next === short ? 90 : 5
      for (let cut = 1; cut < first.length; cut += STEP) {
        const file = sourceOf(join(first.subarray(0, cut), next))
        if (![...listSegments(file)].some(({ seq }) => seq === wanted)) t.fail(`${what}, cut at ${cut}`)
        if (!findFrame(file, { camera: info.camera, boot: info.boot, seq: wanted }))
          t.fail(`${what}, ${cut}: not found`)
      }
    }
  }
})

t.test('records appended behind an index block, of a segment fetched while it grew, are listed with it', async (t) => {
  const grown = join(...segments(all.slice(0, 3), 5), ...all.slice(3, 5), parts[1])
  const list = [...listSegments(sourceOf(grown))]
  t.same(
    list.map(({ seq, frames, lastTimeUs }) => [seq, frames.length, lastTimeUs]),
    [
      [0, 5, infoAt(4).timeUs],
      [5, 5, infoAt(9).timeUs],
    ],
  )
  t.equal(findFrame(sourceOf(grown), { camera: info.camera, boot: info.boot, seq: 4 })?.position, 4)
})

/** Bytes read to list it, in lengths of the file. */
function cost(file: Uint8Array): number {
  let read = 0
  const source: ByteSource = {
    length: file.length,
    read(offset, length) {
      const part = file.subarray(offset, offset + length)
      read += part.length
      return part
    },
  }
  for (const _ of listSegments(source));
  return read / file.length
}

const key = packKeyRecord({ profile: 'fast', frame: info, context: '12'.repeat(8) }, new Uint8Array(0))
const keyHead = key.length - 4 // without the payload's CRC

/** `count` sound key headers, each claiming to reach to `end(at)`. */
function keyHeads(count: number, end: (at: number) => number, room = 0): Uint8Array {
  const file = new Uint8Array(count * keyHead + room)
  const view = new DataView(file.buffer)
  for (let i = 0; i < count; i++) {
    const at = i * keyHead
    file.set(key.subarray(0, keyHead - 4), at)
    view.setUint32(at + 8, end(at) - at, true)
    view.setUint32(at + keyHead - 4, crc32(file, at, at + keyHead - 4), true)
  }
  return file
}

/** As long as the key headers: sound fixed parts of index blocks, each claiming 4096 frames in a block that is none. */
function indexHeads(count: number): Uint8Array {
  const [part] = parts
  const head = 44 + part[5]
  const file = new Uint8Array(count * (head + 4))
  const view = new DataView(file.buffer)
  for (let i = 0; i < count; i++) {
    const at = i * (head + 4)
    file.set(part.subarray(0, head), at)
    view.setUint16(at + 6, 4096, true)
    view.setUint32(at + 8, head + 8 + 8 * 4096, true)
    view.setUint32(at + head, crc32(file, at, at + head), true)
  }
  return file
}

/** A chain of empty predicted records behind each of many keys that all end where it begins. */
function sharedChain(count: number, length: number): Uint8Array {
  const start = count * keyHead + 4
  const chain: Uint8Array[] = []
  let last = 0
  for (let i = 1; i <= length; i++) {
    const fields = { boot: info.boot, seq: info.seq + i, timeUs: info.timeUs, position: i, chain: last }
    const record = packPredictedRecord({ profile: 'fast', ...fields }, new Uint8Array(1))
    last = new DataView(record.buffer).getUint32(record.length - 4, true)
    chain.push(record)
  }
  const tail = join(new Uint8Array(4), ...chain)
  const file = keyHeads(count, () => start, tail.length)
  file.set(tail, count * keyHead)
  file[file.length - 1] ^= 1
  return file
}

t.test('what is forged costs a few readings of the file, however long it is', async (t) => {
  const magic = (n: number) =>
    join(...Array.from({ length: n }, () => Uint8Array.of(0xab, 0x42, 0x53, 0x46, 2, 0, 0x74, 0)))
  const forgeries: [string, (n: number) => Uint8Array][] = [
    ['index blocks that overlap', (n) => indexHeads(n)],
    ['keys that reach past the end', (n) => keyHeads(n, () => n * keyHead + 1000)],
    ['keys that end in the middle of another', (n) => keyHeads(n, (at) => at + 3 * keyHead + 7)],
    ['keys that share one long record', (n) => keyHeads(n, () => n * keyHead + 4, n * 64)],
    ['keys that share a chain', (n) => sharedChain(n, Math.min(4000, n))],
    ['magic numbers alone', magic],
    [
      'index blocks before keys',
      (n) =>
        join(
          indexHeads(n),
          keyHeads(n, () => 2 ** 20),
        ),
    ],
  ]
  for (const [name, make] of forgeries) {
    const [small, large] = [1000, 4000].map((n) => cost(make(n))) as [number, number]
    t.ok(large < 40, `${name}: ${large.toFixed(1)} times`)
    t.ok(large < small * 1.5 + 2, `${name}: ${small.toFixed(1)} times, then ${large.toFixed(1)}`)
  }
})

t.test('forged blocks before it do not hide a segment', async (t) => {
  const list = [...listSegments(sourceOf(join(indexHeads(3000), new Uint8Array(40_000), indexed)))]
  t.same(
    list.map(({ seq }) => seq),
    [0, 5, 10, 15],
  )
})

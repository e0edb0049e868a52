import t, { type Test } from 'tap'
import {
  type Damage,
  Decoder,
  NO_CONTEXT,
  packFrame,
  packKeyRecord,
  readArchive,
  StaticCoder,
} from '../../codec/index.js'
import { info, tables } from './samples.js'
import { coding, frames, infoAt, join, records, segments } from './scene.js'
import { STEP } from './step.js'

const INTERVAL = 4
const symbols = frames(1, 40)
const all = records(symbols, 'fast', INTERVAL)
const parts = segments(all, INTERVAL)
const file = join(...parts)

/** The seqs that came, decoded and compared if asked, and what was reported. */
function read(bytes: Uint8Array, decode = false): { seqs: number[]; damage: Damage[] } {
  const decoder = decode ? new Decoder(coding()) : undefined
  const seqs: number[] = []
  const damage: Damage[] = []
  for (const piece of readArchive(bytes)) {
    if (piece.kind === 'damage') damage.push(piece)
    else if (piece.kind !== 'index') {
      seqs.push(piece.seq)
      if (decoder && Buffer.compare(decoder.decode(piece).symbols, symbols[piece.seq]) !== 0) throw new Error('garbage')
    }
  }
  return { seqs, damage }
}

const every = symbols.map((_, i) => i)
const segmentOf = (seq: number) => Math.floor(seq / INTERVAL)
const lostOf = (seqs: readonly number[]) => every.filter((seq) => !seqs.includes(seq))

t.test('ten segments, with and without index blocks, mixed and alone', async (t) => {
  for (const bytes of [file, join(...all), join(parts[0], ...all.slice(4, 12), ...parts.slice(3))]) {
    t.same(read(bytes, true), { seqs: every, damage: [] })
  }
  t.same(read(new Uint8Array(0)), { seqs: [], damage: [] })
})

t.test('records of version 1 may lie between', async (t) => {
  const payload = new StaticCoder(tables).encode(symbols[4])
  const old = packFrame({ ...infoAt(4), mode: 0 }, payload)
  t.same(read(join(parts[0], old, parts[2]), true), { seqs: [0, 1, 2, 3, 4, 8, 9, 10, 11], damage: [] })
})

t.test('one flipped byte anywhere loses at most one segment, and the reader says which', async (t) => {
  for (const [name, bytes] of [
    ['with index blocks', file.slice()],
    ['bare records', join(...all)],
  ] as const) {
    let lossless = 0
    for (let i = 0; i < bytes.length; i += STEP) {
      bytes[i] ^= 1 << (i % 8)
      const { seqs, damage } = read(bytes)
      const lost = lostOf(seqs)
      if (damage.length !== 1) t.fail(`${name}, byte ${i}: ${damage.length} reports`)
      if (damage[0].offset > i || damage[0].end <= i) t.fail(`${name}, byte ${i}: reported elsewhere`)
      if (new Set(lost.map(segmentOf)).size > 1) t.fail(`${name}, byte ${i}: lost ${lost}`)
      if (lost.length === 0) lossless++
      else if (name === 'with index blocks') {
        const { segment } = damage[0]
        const said =
          segment &&
          segment.seq === segmentOf(lost[0]) * INTERVAL &&
          segment.firstLost === lost[0] &&
          segment.lost === lost.length
        if (!said) t.fail(`byte ${i}: lost ${lost}, reported ${JSON.stringify(segment)}`)
      } else if (i >= all[0].length && damage[0].segment?.firstLost !== lost[0])
        t.fail(`byte ${i}: first lost ${lost[0]}`)
      bytes[i] ^= 1 << (i % 8)
    }
    t.equal(lossless > 0, name === 'with index blocks', 'an index block is no loss')
  }
})

t.test('what comes back from a damaged file decodes to what was encoded', async (t) => {
  const bytes = file.slice()
  for (let i = 0; i < bytes.length; i += 61) {
    bytes[i] ^= 0x10
    t.equal(new Set(lostOf(read(bytes, true).seqs).map(segmentOf)).size <= 1, true)
    bytes[i] ^= 0x10
  }
})

t.test('a file cut anywhere gives every whole frame before the cut', async (t) => {
  let end = 0
  const ends = all.map((record, i) => {
    if (i % INTERVAL === 0)
      end += parts[i / INTERVAL].length - all.slice(i, i + INTERVAL).reduce((sum, { length }) => sum + length, 0)
    end += record.length
    return end
  })
  for (let cut = 0; cut < file.length; cut += STEP) {
    const { seqs, damage } = read(file.subarray(0, cut))
    const whole = ends.filter((end) => end <= cut).length
    if (seqs.length !== whole) t.fail(`cut at ${cut}: ${seqs.length} frames, not ${whole}`)
    const between = cut === 0 || (whole > 0 && whole % INTERVAL === 0 && ends[whole - 1] === cut)
    if ((damage.length === 0) !== between) t.fail(`cut at ${cut}: ${damage.length} reports`)
  }
})

t.test('a cut segment before a whole one costs only itself', async (t) => {
  for (let cut = 1; cut < parts[0].length; cut += STEP) {
    const { seqs, damage } = read(join(parts[0].subarray(0, cut), parts[1]))
    if (![4, 5, 6, 7].every((seq) => seqs.includes(seq))) t.fail(`cut at ${cut}: ${seqs}`)
    if (damage.length !== 1) t.fail(`cut at ${cut}: ${damage.length} reports`)
  }
})

t.test('a missing record is a report, not garbage', async (t) => {
  const { seqs, damage } = read(join(...all.slice(0, 2), ...all.slice(3, 8)), true)
  t.same(seqs, [0, 1, 4, 5, 6, 7])
  t.match(damage, [{ error: { code: 'chain' }, segment: { camera: info.camera, seq: 0, firstLost: 2 } }])
})

t.test('noise between segments is passed over', async (t) => {
  const noise = new Uint8Array(5000).map((_, i) => (i * 7919) >> 3)
  const { seqs, damage } = read(join(noise, parts[0], noise, parts[1], noise), true)
  t.same(seqs, [0, 1, 2, 3, 4, 5, 6, 7])
  t.equal(damage.length, 3)
})

t.test('forged headers of long records do not make it slow', async (t) => {
  const [key] = all
  const headerLength = 64 + info.camera.length
  const forged = key.slice(0, headerLength + 4)
  const { crc32 } = await import('node:zlib')
  linear(t, 'long records', (count) => {
    new DataView(forged.buffer).setUint32(8, (count / 2) * forged.length, true)
    new DataView(forged.buffer).setUint32(headerLength, crc32(forged.subarray(0, headerLength)), true)
    const bytes = join(...Array<Uint8Array>(count).fill(forged))
    return () => t.same(read(bytes).seqs, [])
  })
})

t.test('forged headers do not make reading slow', async (t) => {
  const long = new Uint8Array(60_000)
  const v1 = packFrame({ ...infoAt(0), mode: 0 }, long).subarray(0, 56 + info.camera.length + 4)
  const v2 = packKeyRecord({ profile: 'static', frame: infoAt(0), context: NO_CONTEXT }, long).subarray(0, 76)
  const index = parts[0].slice(0, 80)
  for (const [name, head] of Object.entries({ v1, v2, index })) {
    linear(t, name, (count) => {
      const bytes = join(...Array<Uint8Array>(count).fill(head))
      return () => t.equal([...readArchive(bytes)].filter(({ kind }) => kind !== 'damage').length, 0)
    })
  }
})

/** Eight times the input takes no more than four times eight times the work, in processor time: other programs do not count. */
function linear(t: Test, what: string, prepare: (count: number) => () => void): void {
  const cost = (count: number) => {
    const work = prepare(count)
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  }
  cost(500)
  const [short, longer] = [cost(2000), cost(16_000)]
  t.ok(longer < 8 * 4 * short + 200, `${what}: ${short.toFixed(0)} ms, eight times the bytes ${longer.toFixed(0)} ms`)
}

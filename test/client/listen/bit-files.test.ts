/** Live records into segment files, with the released bundle's coder. */
import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { BitFiles } from '../../../client/listen/bit-files.js'
import { Decoder, Encoder, Packer, readArchive } from '../../../codec/index.js'
import { openBundle } from '../../../contract/bundle.js'
import { codingOf } from '../../../contract/coding.js'
import { seeded } from '../../codec/samples.js'

const boot = '0123456789abcdef'
const bundle = openBundle(join(import.meta.dirname, '..', '..', '..', 'models', 'bundles', 'lean-1'))
const hash = 'ab'.repeat(8)

/** Records of 12 frames, a keyframe every 4. */
function records(): Uint8Array[] {
  const coding = codingOf(bundle)
  const encoder = new Encoder('fast', coding, { height: 8, width: 8 })
  const packer = new Packer(coding.contextHash)
  return Array.from({ length: 12 }, (_, seq) => {
    const coded = encoder.encode(new Uint8Array(16 * 64).fill(seq % 5), { key: seq % 4 === 0 })
    const info = {
      mode: 0,
      bundle: hash,
      tables: coding.tablesHash,
      camera: 'street',
      boot,
      seq,
      timeUs: 1e15 + seq * 1e5,
    }
    return packer.pack({ ...info, width: 64, height: 64, channels: 16, levels: 6, stride: 8 }, coded)
  })
}

const seqs = (file: string) =>
  [...readArchive(readFileSync(file))].map((piece) =>
    piece.kind === 'key' || piece.kind === 'predicted' ? piece.seq : piece.kind,
  )

const key = (seq: number) => ({ dev: 'd', cam: 'street', boot, kind: 'bits' as const, seq })
const all = records()
const firstOf = (dir: string) => join(dir, `street-${boot}-0.bsf`)

t.test('joined late: nothing until the keyframe, then a file a segment', async (t) => {
  const dir = t.testdir()
  const files = new BitFiles(dir)
  t.strictSame(
    all.slice(2).map((bytes, i) => files.keep(key(i + 2), bytes)),
    [0, 0, ...Array(8).fill(1)],
  )
  t.strictSame(readdirSync(dir).sort(), [`street-${boot}-4.bsf`, `street-${boot}-8.bsf`])
  t.strictSame(seqs(join(dir, `street-${boot}-4.bsf`)), [4, 5, 6, 7])
  t.equal(files.unplaced, 2)
})

t.test('a record that is late: those behind it wait for it', async (t) => {
  const dir = t.testdir()
  const files = new BitFiles(dir)
  t.strictSame(
    [0, 2, 3, 4].map((seq) => files.keep(key(seq), all[seq]!)),
    [1, 0, 0, 1],
  )
  t.strictSame(seqs(firstOf(dir)), [0])
  t.equal(files.keep(key(1), all[1]!), 3)
  t.strictSame(seqs(firstOf(dir)), [0, 1, 2, 3])
  t.equal(files.unplaced, 0)
})

t.test('history and now in any order: every record of two segments is in its file', async (t) => {
  const random = seeded(3)
  for (let run = 0; run < 8; run++) {
    const dir = t.testdir()
    const files = new BitFiles(dir)
    const order = all.map((bytes, seq) => ({ bytes, seq, at: random() })).sort((a, b) => a.at - b.at)
    // Some come twice.
    const placed = [...order, ...order.slice(0, 3)].map(({ bytes, seq }) => files.keep(key(seq), bytes))
    t.ok(placed.reduce((sum, n) => sum + n, 0) >= 12)
    for (const first of [0, 4, 8]) {
      const file = join(dir, `street-${boot}-${first}.bsf`)
      t.strictSame(seqs(file), [first, first + 1, first + 2, first + 3])
      const decoder = new Decoder(codingOf(bundle))
      for (const piece of readArchive(readFileSync(file)))
        if (piece.kind === 'key' || piece.kind === 'predicted')
          t.ok(decoder.decode(piece).symbols.every((symbol) => symbol === piece.seq % 5))
    }
    t.equal(files.unplaced, 0)
  }
})

t.test('a keyframe that is delivered again cuts nothing off, before and after a restart', async (t) => {
  const dir = t.testdir()
  const files = new BitFiles(dir)
  for (const seq of [0, 1, 2]) files.keep(key(seq), all[seq]!)
  t.equal(files.keep(key(0), all[0]!), 1)
  t.strictSame(seqs(firstOf(dir)), [0, 1, 2])
  appendFileSync(firstOf(dir), all[3]!.subarray(0, 20)) // killed in the middle of an append
  const again = new BitFiles(dir)
  t.strictSame(
    [0, 1, 3].map((seq) => again.keep(key(seq), all[seq]!)),
    [1, 1, 1],
  )
  t.strictSame(seqs(firstOf(dir)), [0, 1, 2, 3])
})

t.test('a file of another run is replaced, not gone on with', async (t) => {
  const dir = t.testdir()
  writeFileSync(firstOf(dir), all[4]!)
  const files = new BitFiles(dir)
  t.equal(files.keep(key(0), all[0]!), 1)
  t.strictSame(seqs(firstOf(dir)), [0])
})

t.test('what never finds its place is bounded and counted', async (t) => {
  const files = new BitFiles(t.testdir())
  for (let segment = 0; segment < 5000; segment++) files.keep(key(segment * 100 + 1), all[1]!)
  t.equal(files.unplaced, 5000)
})

t.test(
  'a file that somebody else has written is read again, one that was removed begins with the next keyframe',
  async (t) => {
    const dir = t.testdir()
    const files = new BitFiles(dir)
    for (const seq of [0, 1]) files.keep(key(seq), all[seq]!)
    writeFileSync(firstOf(dir), Buffer.concat(all.slice(0, 3)))
    t.strictSame(
      [2, 3].map((seq) => files.keep(key(seq), all[seq]!)),
      [1, 1],
    )
    t.strictSame(seqs(firstOf(dir)), [0, 1, 2, 3])
    files.keep(key(4), all[4]!)
    rmSync(join(dir, `street-${boot}-4.bsf`))
    t.equal(files.keep(key(5), all[5]!), 0)
    t.strictSame(readdirSync(dir), [`street-${boot}-0.bsf`])
  },
)

t.test('several segments in one file are left as they are', async (t) => {
  const dir = t.testdir()
  writeFileSync(firstOf(dir), Buffer.concat(all.slice(0, 8)))
  t.equal(new BitFiles(dir).keep(key(1), all[1]!), 1)
  t.strictSame(seqs(firstOf(dir)), [0, 1, 2, 3, 4, 5, 6, 7])
})

t.test('what is in the file by now, or follows another record, does not wait for ever', async (t) => {
  const dir = t.testdir()
  const files = new BitFiles(dir)
  files.keep(key(0), all[0]!)
  files.keep(key(3), all[3]!)
  t.equal(files.unplaced, 1)
  writeFileSync(firstOf(dir), Buffer.concat(all.slice(0, 4))) // by `archive get`
  files.keep(key(2), all[2]!)
  files.keep(key(4), all[4]!)
  t.equal(files.keep(key(0), all[0]!), 1)
  t.equal(files.unplaced, 0)
})

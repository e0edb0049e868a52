/** Live records into segment files, with the released bundle's coder. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { BitFiles } from '../../../client/subscribe/bit-files.js'
import { Encoder, Packer, readArchive } from '../../../codec/index.js'
import { openBundle } from '../../../contract/bundle.js'
import { codingOf } from '../../../contract/coding.js'

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
    const info = { mode: 0, bundle: hash, tables: hash, camera: 'street', boot, seq, timeUs: 1e15 + seq * 1e5 }
    return packer.pack({ ...info, width: 64, height: 64, channels: 16, levels: 6, stride: 8 }, coded)
  })
}

const seqs = (file: string) =>
  [...readArchive(readFileSync(file))].map((piece) =>
    piece.kind === 'key' || piece.kind === 'predicted' ? piece.seq : piece.kind,
  )

t.test('joined late: nothing until the keyframe, then a file a segment', async (t) => {
  const dir = t.testdir()
  const files = new BitFiles(dir)
  const kept = records()
    .slice(2)
    .map((bytes, i) => files.keep({ dev: 'd', cam: 'street', boot, kind: 'bits', seq: i + 2 }, false, bytes))
  t.strictSame(kept, [false, false, ...Array(8).fill(true)])
  t.strictSame(readdirSync(dir).sort(), [`street-${boot}-4.bsf`, `street-${boot}-8.bsf`])
  t.strictSame(seqs(join(dir, `street-${boot}-4.bsf`)), [4, 5, 6, 7])
})

t.test('after a lost record the rest of its segment is of no use', async (t) => {
  const dir = t.testdir()
  const files = new BitFiles(dir)
  const kept = records().flatMap((bytes, seq) =>
    seq === 1 ? [] : [files.keep({ dev: 'd', cam: 'street', boot, kind: 'bits', seq }, false, bytes)],
  )
  t.strictSame(kept.slice(0, 4), [true, false, false, true])
  t.strictSame(seqs(join(dir, `street-${boot}-0.bsf`)), [0])
})

t.test('history and now come interleaved', async (t) => {
  const dir = t.testdir()
  const files = new BitFiles(dir)
  const all = records()
  for (let i = 0; i < 4; i++) {
    t.ok(files.keep({ dev: 'd', cam: 'street', boot, kind: 'bits', seq: i }, true, all[i]!))
    t.ok(files.keep({ dev: 'd', cam: 'street', boot, kind: 'bits', seq: i + 8 }, false, all[i + 8]!))
  }
  t.strictSame(seqs(join(dir, `street-${boot}-0.bsf`)), [0, 1, 2, 3])
  t.strictSame(seqs(join(dir, `street-${boot}-8.bsf`)), [8, 9, 10, 11])
})

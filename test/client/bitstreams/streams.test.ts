import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { SegmentDecoder, segmentsOf, segmentsOfAll } from '../../../client/bitstreams/streams.js'
import { sameBytes } from '../../codec/samples.js'
import { join as joined, records, frames as scene } from '../../codec/scene.js'
import { boot, makeBundle, makeFrame, sampleSymbols } from '../bundle.js'

function setUp(t: Test) {
  const dir = t.testdir()
  const told: string[] = []
  const write = (name: string, bytes: Uint8Array) => {
    writeFileSync(join(dir, name), bytes)
    return join(dir, name)
  }
  return { dir, told, write, failed: ({ message }: Error) => void told.push(message) }
}
const seqsOf = (segments: ReturnType<typeof segmentsOf>) => segments.map(({ records }) => records.map(({ seq }) => seq))

t.test('a segment for each keyframe, with what was predicted after it', async (t) => {
  const { told, write, failed } = setUp(t)
  const file = write('a.bsf', joined(...records(scene(1, 6), 'fast', 4)))
  t.strictSame(seqsOf(segmentsOf(file, failed)), [
    [0, 1, 2, 3],
    [4, 5],
  ])
  t.strictSame(told, [])
})

t.test('what is damaged is told with what is lost, and the rest is read', async (t) => {
  const { told, write, failed } = setUp(t)
  const all = records(scene(1, 9), 'fast', 4)
  const bytes = joined(...all)
  bytes[all[0].length + all[1].length + 20] ^= 1
  const file = write('broken.bsf', bytes)
  t.strictSame(seqsOf(segmentsOf(file, failed)), [[0, 1], [4, 5, 6, 7], [8]])
  t.equal(told.length, 1)
  t.match(told[0], /^damaged bitstream, .*broken\.bsf: .*lost of segment .*\/0: .*frames from 2 on$/)
})

t.test('of several files those that can be read', async (t) => {
  const { dir, told, write, failed } = setUp(t)
  const files = [
    join(dir, 'none.bsf'),
    write('empty.bsf', new Uint8Array()),
    write('a.bsf', records(scene(1, 1), 'fast', 4)[0]),
  ]
  t.strictSame(seqsOf(segmentsOfAll(files, failed)), [[0]])
  t.equal(told.length, 2)
  t.match(told, [/none\.bsf/, /^empty file, .*empty\.bsf, get it again$/])
})

t.test('frames are decoded; one that does not decode ends its segment', async (t) => {
  const { dir, write, failed } = setUp(t)
  const bundle = makeBundle(join(dir, 'bundles'))
  const decoder = new SegmentDecoder(bundle)
  const [segment] = segmentsOf(write('a.bsf', makeFrame(bundle, 3)), failed)
  const [{ record, decoded }] = [...decoder.frames(segment)]
  t.equal(record.seq, 3)
  t.ok(sameBytes(decoded.symbols, sampleSymbols()))
  // Coded with other tables: whole by its checksum, and of no use.
  const other = makeFrame(bundle, 4, undefined, { tables: 'fedcba9876543210' })
  const [wrong] = segmentsOf(write('b.bsf', other), failed)
  const two = { ...wrong, records: [...wrong.records, ...wrong.records] }
  t.throws(() => [...decoder.frames(two)], {
    name: 'Failure',
    code: 'input',
    message: /^damaged bitstream, .*b\.bsf: .*; with it 1 predicted from it$/,
  })
  t.equal(segment.frame.boot, boot)
})

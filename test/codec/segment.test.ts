import t from 'tap'
import { packSegment, readIndexAt } from '../../codec/index.js'
import { codeOf, info } from './samples.js'
import { frames, infoAt, join, records } from './scene.js'

const all = records(frames(1, 6), 'fast', 3)
const segment = packSegment(all.slice(0, 3))

t.test('the index says whose frames, when and where', async (t) => {
  const index = readIndexAt(segment, 0)
  t.match(index, {
    camera: info.camera,
    boot: info.boot,
    seq: 0,
    firstTimeUs: infoAt(0).timeUs,
    lastTimeUs: infoAt(2).timeUs,
  })
  t.equal(index.blockLength + index.recordsLength, segment.length)
  index.frames.forEach(({ offset, timeUs }, i) => {
    t.equal(timeUs, infoAt(i).timeUs)
    const at = index.blockLength + offset
    t.same(segment.subarray(at, at + all[i].length), all[i])
  })
})

t.test('only whole segments are packed', async (t) => {
  const pack = (...list: Uint8Array[]) => codeOf(() => packSegment(list))
  t.equal(pack(), 'argument')
  t.equal(pack(all[1]), 'argument')
  t.equal(pack(all[0], all[2]), 'argument')
  t.equal(pack(all[0], all[3]), 'argument')
  t.equal(pack(join(all[0], all[1])), 'argument')
})

t.test('every cut and every flipped bit of the block is refused', async (t) => {
  const { blockLength } = readIndexAt(segment, 0)
  const block = segment.slice(0, blockLength)
  for (let i = 0; i < blockLength; i++) {
    if (codeOf(() => readIndexAt(block.subarray(0, i), 0)) !== 'truncated') t.fail(`cut at ${i}`)
    for (let bit = 1; bit < 256; bit <<= 1) {
      block[i] ^= bit
      if (codeOf(() => readIndexAt(block, 0)) === 'none') t.fail(`flip of ${bit} at ${i}`)
      block[i] ^= bit
    }
  }
})

import t from 'tap'
import { packFrame, packSegment } from '../../codec/index.js'
import { isKeyHeader, isSync, nextSync } from '../../codec/sync.js'
import { info } from './samples.js'
import { frames, join, records } from './scene.js'

const all = records(frames(1, 3), 'fast', 3)
const segment = packSegment(all)

t.test('index blocks and key records of either version are sync points, predicted records are not', async (t) => {
  t.ok(isSync(segment, 0) && !isKeyHeader(segment, 0))
  t.ok(isSync(all[0], 0) && isKeyHeader(all[0], 0))
  t.ok(isSync(packFrame(info, new Uint8Array(4)), 0))
  t.notOk(isSync(all[1], 0))
  t.notOk(isSync(segment, 1))
  t.notOk(isSync(all[0].subarray(0, 40), 0))
})

t.test('the next one is found', async (t) => {
  const bytes = join(Uint8Array.of(0xab, 0xab, 0x42), all[1], all[0], segment)
  t.equal(nextSync(bytes, 0), 3 + all[1].length)
  t.equal(nextSync(bytes, 4 + all[1].length), 3 + all[1].length + all[0].length)
  t.equal(nextSync(bytes, bytes.length), -1)
})

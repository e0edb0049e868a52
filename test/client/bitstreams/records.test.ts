import t from 'tap'
import { recordsOf } from '../../../client/bitstreams/records.js'
import { packSegment } from '../../../codec/index.js'
import { sameBytes } from '../../codec/samples.js'
import { frames, join, records } from '../../codec/scene.js'

t.test('each record of a file, with and without an index; what is damaged is told', async (t) => {
  const all = records(frames(1, 4), 'fast', 4)
  for (const file of [packSegment(all), join(...all)]) {
    const found = recordsOf(file, () => t.fail('nothing is damaged'))
    t.strictSame(
      found.map(({ seq }) => seq),
      [0, 1, 2, 3],
    )
    t.ok(found.every(({ bytes }, i) => sameBytes(bytes, all[i])))
  }
  const broken = join(...all)
  broken[broken.length - 1] ^= 1
  const told: string[] = []
  t.equal(recordsOf(broken, (error) => told.push(error.name)).length, 3)
  t.strictSame(told, ['CodecError'])
})
